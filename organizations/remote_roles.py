"""Roles of a person in organizations that are somewhere else, asked for once in a while instead of at every page.

All of them are asked at the same time, and a page waits for them only so long. One that does not answer is left alone
for a while, by everybody; what it says later all the same counts for the next page.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from uuid import UUID

from django.core.cache import cache

from accounts.roles import OrganizationRole
from jobs.errors import JobError
from organizations.connect import connect
from organizations.dataverse import http
from organizations.models import Instance
from organizations.ports import Denied, Organization, Unavailable

# Seconds that an answer holds; before a change it is asked for anew (`accounts.permissions.ask_again`).
KEPT = 60
# Seconds before an organization that did not answer is asked again; meanwhile nobody has a role there.
AGAIN = 30
# Seconds that a page waits, for all organizations together.
PATIENCE = 2.5
# Seconds that a change waits for the one organization that it needs; nobody needs a later answer.
LONGEST = 10.0
_ASKING = 16  # organizations at the same time, for each of our processes
_MANY = 1000  # questions that are remembered
log = logging.getLogger(__name__)

Roles = frozenset[OrganizationRole]


@dataclass(frozen=True)
class _Answer:
    """`at` as of `time.monotonic`."""

    roles: Roles
    at: float


class _Asking:
    """Questions under way, by the answer's key: whoever asks the same joins in."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=_ASKING, thread_name_prefix="remote-roles")
        self._lock = threading.Lock()
        self._under_way: dict[str, Future[_Answer]] = {}
        self._urgent: set[str] = set()

    def begin(self, key: str, organization: Organization, object_id: UUID) -> Future[_Answer]:
        with self._lock:
            known = self._under_way.get(key)
            # An answer for which nobody waited any more counts as long as one that is kept.
            if known is None or (known.done() and _is_old(known)):
                self._tidy()
                known = self._under_way[key] = self._pool.submit(_ask, organization, object_id)
            return known

    def end(self, key: str) -> None:
        with self._lock:
            self._under_way.pop(key, None)

    def press(self, key: str) -> None:
        """The next question is for a change: it is a new one, and worth a longer wait."""
        with self._lock:
            self._under_way.pop(key, None)
            self._urgent.add(key)

    def is_pressing(self, key: str) -> bool:
        """Told once."""
        with self._lock:
            pressing = key in self._urgent
            self._urgent.discard(key)
            return pressing

    def _tidy(self) -> None:
        if len(self._under_way) > _MANY:
            for key in [key for key, future in self._under_way.items() if future.done()]:
                del self._under_way[key]


def _is_old(future: Future[_Answer]) -> bool:
    return future.exception() is not None or future.result().at < time.monotonic() - KEPT


_asking = _Asking()


def _ask(organization: Organization, object_id: UUID) -> _Answer:
    """In a thread of its own, which needs no database."""
    try:
        with http.within(LONGEST):
            return _Answer(organization.roles_of(object_id), time.monotonic())
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise Unavailable("It answers in a way that makes no sense.") from error


def roles(object_id: UUID) -> Mapping[UUID, Roles]:
    """By instance id, of the instances in which the person has any. Jobs ask the organization itself, each time."""
    rows = Instance.objects.filter(kind=Instance.Kind.DATAVERSE).select_related("connection")
    instances = {_key(row, object_id): row for row in rows}
    known = cache.get_many([*instances, *map(_down, instances.values())]) if instances else {}
    unknown = {key: row for key, row in instances.items() if key not in known}
    pressing = {key for key in unknown if _asking.is_pressing(key)}
    wanted = {key: row for key, row in unknown.items() if key in pressing or _down(row) not in known}
    held = {**known, **_asked(wanted, object_id, patience=LONGEST if pressing else PATIENCE)}
    return {
        row.id: frozenset(OrganizationRole(name) for name in held[key])
        for key, row in instances.items()
        if held.get(key)
    }


def forget(object_id: UUID, instance_id: UUID) -> None:
    """The person's roles in that organization are asked for when they are wanted next, which is for a change."""
    row = Instance.objects.filter(pk=instance_id, kind=Instance.Kind.DATAVERSE).first()
    if row is not None:
        cache.delete(_key(row, object_id))
        _asking.press(_key(row, object_id))


def _asked(wanted: Mapping[str, Instance], object_id: UUID, *, patience: float) -> dict[str, list[str]]:
    """Names of roles by key, of those that answered in time."""
    begun: dict[str, Future[_Answer]] = {}
    answers: dict[str, list[str]] = {}
    for key, instance in wanted.items():
        try:
            begun[key] = _asking.begin(key, connect(instance), object_id)
        except JobError as error:
            _give_up(instance, key, error)
    wait(begun.values(), timeout=patience)
    for key, future in begun.items():
        if not future.done():
            _leave_alone(wanted[key], "it takes too long")
            continue
        _asking.end(key)
        try:
            answers[key] = _remember(wanted[key], key, future.result().roles)
        except JobError as error:
            _give_up(wanted[key], key, error)
    return answers


def _remember(instance: Instance, key: str, found: Roles) -> list[str]:
    held = sorted(role.value for role in found)
    cache.set(key, held, KEPT)
    cache.delete(_down(instance))
    return held


def _give_up(instance: Instance, key: str, error: JobError) -> None:
    if isinstance(error, Denied):
        # It answers, and says no: that costs nobody a wait, so it is no reason to leave others without their roles.
        log.warning("%s does not tell the roles of its users: %s", instance.name, error)
        cache.set(key, [], AGAIN)
    else:
        _leave_alone(instance, str(error))


def _leave_alone(instance: Instance, why: str) -> None:
    log.warning("%s does not tell the roles of its users: %s", instance.name, why)
    cache.set(_down(instance), True, AGAIN)


# The address is in both keys: whoever connects the instance otherwise wants to know at once.


def _key(instance: Instance, object_id: UUID) -> str:
    return f"remote-roles:{instance.id}:{instance.url}:{object_id}"


def _down(instance: Instance) -> str:
    return f"remote-roles-down:{instance.id}:{instance.url}"
