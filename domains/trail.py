"""What the audit trail knows of this room."""

from __future__ import annotations

from uuid import UUID

from django.urls import reverse

from accounts.audit import Kind, Subject, Verb
from accounts.words import N_
from domains.certificates import keeping
from domains.models import Certificate


def _find(id: str) -> Subject | None:
    row = Certificate.objects.filter(pk=UUID(id)).first()
    return None if row is None else keeping.subject(row)


def _url(id: str) -> str:
    return reverse("domains:certificate", args=[id])


CERTIFICATE = Kind(N_("Certificate"), url=_url, find=_find)
FORMS = {
    "domains:certificates": Verb.ADD_CERTIFICATE,
    "domains:certificate": Verb.REPLACE_CERTIFICATE,
    "domains:delete-certificate": Verb.DELETE_CERTIFICATE,
    # The wizard's steps keep what was entered; the binding itself is written down by the service that begins it.
    "domains:add": Verb.DRAFT_VALUES,
    "domains:remove": Verb.REMOVE_DOMAIN,
    "domains:restart": Verb.RESTART_JOB,
}
