"""Roles in organizations elsewhere: whom an organization that does not answer costs a wait, and how long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.cache import cache

from accounts.roles import OrganizationRole
from organizations import remote_roles
from organizations.models import Connection, Instance
from organizations.ports import Denied, Unavailable

pytestmark = pytest.mark.django_db
ADMINISTRATOR = frozenset({OrganizationRole.SYSTEM_ADMINISTRATOR})
Answer = Callable[[], frozenset[OrganizationRole]]


class Elsewhere:
    """Organizations by the instance's name, each with an answer; whoever asked is written down."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.silence = threading.Event()

    def connect(self, instance: Instance) -> Any:
        outer, name = self, instance.name

        class Organization:
            def roles_of(self, object_id: UUID) -> frozenset[OrganizationRole]:
                outer.asked.append(name)
                return outer.answers[name]()

        return Organization()

    def silent(self) -> frozenset[OrganizationRole]:
        """Answers when the test says so."""
        self.silence.wait(60)
        return ADMINISTRATOR


def refuse() -> frozenset[OrganizationRole]:
    raise Denied("The organization does not accept our sign-in.")


def gone() -> frozenset[OrganizationRole]:
    raise Unavailable("The organization does not answer.")


def nonsense() -> frozenset[OrganizationRole]:
    raise ValueError("badly formed hexadecimal UUID string")


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[Elsewhere]:
    cache.clear()
    world = Elsewhere()
    monkeypatch.setattr(remote_roles, "connect", world.connect)
    monkeypatch.setattr(remote_roles, "PATIENCE", 0.2)
    monkeypatch.setattr(remote_roles, "LONGEST", 0.4)
    yield world
    world.silence.set()
    cache.clear()


def add(elsewhere: Elsewhere, name: str, answer: Answer) -> Instance:
    elsewhere.answers[name] = answer
    instance = Instance.objects.create(
        kind=Instance.Kind.DATAVERSE,
        name=name,
        url=f"https://{name.lower()}.crm.dynamics.com",
        type=Instance.Type.PRODUCTION,
        version="9.2",
        base_language=1033,
        organization_id=uuid4(),
    )
    Connection.objects.create(
        instance=instance, tenant="t", client_id=uuid4(), proof=Connection.Proof.SECRET, sealed="x"
    )
    return instance


def test_a_page_waits_only_so_long_and_for_all_of_them_together(elsewhere: Elsewhere) -> None:
    there = add(elsewhere, "There", lambda: ADMINISTRATOR)
    for number in range(5):
        add(elsewhere, f"Silent{number}", elsewhere.silent)
    began = time.monotonic()
    assert remote_roles.roles(uuid4()) == {there.id: ADMINISTRATOR}
    assert time.monotonic() - began < 5 * remote_roles.PATIENCE
    assert remote_roles.PATIENCE <= 3


@pytest.mark.parametrize("answer", [gone, nonsense, None])
def test_one_that_does_not_answer_is_left_alone_by_everybody(elsewhere: Elsewhere, answer: Any) -> None:
    add(elsewhere, "Silent", answer or elsewhere.silent)
    for _ in range(3):
        assert remote_roles.roles(uuid4()) == {}
    assert elsewhere.asked == ["Silent"]


def test_one_that_refuses_costs_no_wait_and_is_asked_for_others(elsewhere: Elsewhere) -> None:
    add(elsewhere, "Strict", refuse)
    person = uuid4()
    for who in (person, person, uuid4()):
        assert remote_roles.roles(who) == {}
    assert elsewhere.asked == ["Strict", "Strict"]


def test_a_late_answer_counts_for_the_next_page(elsewhere: Elsewhere) -> None:
    slow, person = add(elsewhere, "Slow", elsewhere.silent), uuid4()
    assert remote_roles.roles(person) == {}
    elsewhere.silence.set()
    cache.delete(remote_roles._down(slow))  # as time does
    assert remote_roles.roles(person) == {slow.id: ADMINISTRATOR}
    assert elsewhere.asked == ["Slow"]


def test_a_late_answer_that_is_old_does_not(elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    slow, person = add(elsewhere, "Slow", elsewhere.silent), uuid4()
    assert remote_roles.roles(person) == {}
    elsewhere.silence.set()
    key = remote_roles._key(slow, person)
    remote_roles._asking._under_way[key].result(10)
    elsewhere.answers["Slow"] = frozenset
    cache.delete(remote_roles._down(slow))
    monkeypatch.setattr(remote_roles, "KEPT", -1)
    assert remote_roles.roles(person) == {}


def test_a_change_asks_although_the_organization_was_silent(elsewhere: Elsewhere) -> None:
    back, person = add(elsewhere, "Back", gone), uuid4()
    assert remote_roles.roles(person) == {}
    elsewhere.answers["Back"] = lambda: ADMINISTRATOR
    assert remote_roles.roles(person) == {}
    remote_roles.forget(person, back.id)
    assert remote_roles.roles(person) == {back.id: ADMINISTRATOR}
    assert remote_roles.roles(uuid4()) == {back.id: ADMINISTRATOR}


def test_an_answer_is_remembered_and_forgotten(elsewhere: Elsewhere) -> None:
    there, person = add(elsewhere, "There", lambda: ADMINISTRATOR), uuid4()
    for _ in range(3):
        assert remote_roles.roles(person) == {there.id: ADMINISTRATOR}
    assert elsewhere.asked == ["There"]
    remote_roles.forget(person, there.id)
    elsewhere.answers["There"] = frozenset
    assert remote_roles.roles(person) == {}
