"""What records are about. Rooms above register their kinds of things at start-up, and what their forms ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

from accounts.audit.verbs import Verb
from accounts.words import N_


@dataclass(frozen=True)
class Subject:
    """One thing: its kind, its id and its name at this time.

    `about`: the thing that it belongs to, as (kind, id), such as the portal of a job; the thing itself by default.
    """

    kind: str
    id: str = ""
    name: str = ""
    about: tuple[str, str] | None = None


@dataclass(frozen=True)
class Kind:
    """A kind of thing: its title for people, the page of one (by id), and how one is found (by id; None: gone)."""

    title: str
    url: Callable[[str], str] | None = None
    find: Callable[[str], Subject | None] | None = None


_kinds: dict[str, Kind] = {
    "person": Kind(N_("Person")),
    "page": Kind(N_("Page")),
    "audit": Kind(N_("Audit trail")),
}
_forms: dict[str, Verb] = {"account_login": Verb.SIGN_IN, "account_language": Verb.CHOOSE_LANGUAGE}
_failures: tuple[type[Exception], ...] = (OSError,)


def register(name: str, kind: Kind) -> None:
    """Make a kind known; the same name twice is one."""
    _kinds[name] = kind


def register_forms(forms: Mapping[str, Verb]) -> None:
    """What posting to a route asks for, by the route's name ("provisioning:reset")."""
    _forms.update(forms)


def register_failures(*errors: type[Exception]) -> None:
    """Exceptions of services that tell of something that went wrong, rather than of a refusal."""
    global _failures
    _failures = tuple({*_failures, *errors})


def kinds() -> Mapping[str, Kind]:
    """Every kind by its name."""
    return _kinds


def form(route: str) -> Verb:
    """What posting there asks for."""
    return _forms.get(route, Verb.SEND_FORM)


def is_failure(error: Exception) -> bool:
    return isinstance(error, _failures)


def named_in(values: Mapping[str, Any]) -> Subject | None:
    """What the arguments of a route or a service name: `portal_id=…` is the portal of that id."""
    for name, value in values.items():
        kind = name.removesuffix("_id")
        if kind != name and kind in _kinds:
            return Subject(kind, str(value))
    return None


def known(subject: Subject) -> Subject:
    """With its name and what it belongs to, if it can be found; as it is otherwise."""
    kind = _kinds.get(subject.kind)
    if subject.name or not subject.id or kind is None or kind.find is None:
        return subject
    try:
        return kind.find(subject.id) or subject
    except (ValueError, ValidationError):  # no id at all
        return subject


def url_of(kind: str, id: str) -> str:
    """The page of a thing; "" when there is none."""
    known = _kinds.get(kind)
    return known.url(id) if known and known.url and id else ""
