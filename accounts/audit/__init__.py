"""What everybody did: an append-only trail of every change of state, refusal and sign-in.

Services call `record` (or `changed`) within the transaction of the change, and carry `attempted` so that what they
refuse is written down, too. What no service knows of (a page that is not allowed, a form that was refused), the
middleware writes. The database itself forbids that records change or go (migration 0003).
"""

from accounts.audit.recording import attempted, changed, record, refused, tell_error_id
from accounts.audit.subjects import Kind, Subject, register, register_failures, register_forms
from accounts.audit.verbs import Result, Verb

__all__ = [
    "Kind",
    "Result",
    "Subject",
    "Verb",
    "attempted",
    "changed",
    "record",
    "refused",
    "register",
    "register_failures",
    "register_forms",
    "tell_error_id",
]
