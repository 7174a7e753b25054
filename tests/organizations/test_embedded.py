"""What the embedded organization does beyond the contract: whom it lets in, and what it does when two come at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from django.db import connection, transaction

from accounts.roles import ROLE_TEMPLATES, OrganizationRole
from organizations import administration
from organizations.adapters.embedded import imports, staging
from organizations.adapters.embedded.admission import APPLICATION_USER
from organizations.connect import connect, connect_by_id
from organizations.models import AsyncOperation, Instance, Label, RoleMembership, Solution, SystemUser
from organizations.packages import catalog
from organizations.packages.package import LabelText as Text
from organizations.ports import Denied, NotFound, Operation, OperationState, Query, Rejected, Unavailable
from tests.organizations.packaging import labelled, package, solution_xml
from tests.organizations.world import add_person, make_instance
from tests.waiting import until

T = TypeVar("T")
BASE, PORTAL = catalog.load("PortalBase"), catalog.load("CustomerSelfServicePortal")


def on_its_own(call: Callable[[], T]) -> T:
    """For a thread: the call's result, its connection closed behind it."""
    try:
        return call()
    finally:
        connection.close()


def behind(pool: ThreadPoolExecutor, call: Callable[[], T]) -> Future[T]:
    """The call, begun in another thread and seen to wait for a lock that we hold."""
    future = pool.submit(on_its_own, call)
    until(lambda: future.done() or _somebody_waits(), what="the other one to wait for us")
    assert not future.done(), "It did not wait for us."
    return future


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE %s = ANY(pg_blocking_pids(pid))", [_our_pid()])
        row: tuple[int] = cursor.fetchone()
        return row[0] > 0


def _our_pid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        row: tuple[int] = cursor.fetchone()
        return row[0]


class TestAdmission:
    def test_administration_mode_answers_nobody(self, instance: Instance) -> None:
        administration.set_administration_mode(instance_id=instance.id, on=True)
        with pytest.raises(Unavailable, match="Fabrikam is in administration mode"):
            connect(instance).who_am_i()

    def test_it_answers_again_afterwards(self, instance: Instance) -> None:
        administration.set_administration_mode(instance_id=instance.id, on=True)
        administration.set_administration_mode(instance_id=instance.id, on=False)
        assert connect(instance).base_language() == 1033

    def test_without_its_role_our_user_is_refused(self, instance: Instance) -> None:
        RoleMembership.objects.filter(user__full_name=APPLICATION_USER).delete()
        with pytest.raises(Denied) as refusal:
            connect(instance).query(Query("account"))
        assert refusal.value.message == (
            "The user '# Portal Admin Center' is no longer System Administrator of Fabrikam."
        )

    def test_a_disabled_user_of_ours_is_refused(self, instance: Instance) -> None:
        administration.disable_application_user(instance_id=instance.id)
        with pytest.raises(Denied, match="is disabled in Fabrikam"):
            connect(instance).solutions()

    def test_a_missing_user_of_ours_is_refused(self, instance: Instance) -> None:
        SystemUser.objects.filter(full_name=APPLICATION_USER).delete()
        with pytest.raises(Denied, match="does not exist in Fabrikam"):
            connect(instance).provisioned_languages()

    def test_access_can_be_restored(self, instance: Instance) -> None:
        SystemUser.objects.filter(full_name=APPLICATION_USER).delete()
        administration.admit_application_user(instance_id=instance.id)
        assert connect(instance).who_am_i().organization_id == instance.organization_id

    def test_our_user_is_no_administrator_to_choose(self, instance: Instance) -> None:
        assert connect(instance).users_with_role(OrganizationRole.SYSTEM_ADMINISTRATOR) == []

    def test_an_unknown_instance_is_not_found(self, db: None) -> None:
        with pytest.raises(NotFound):
            connect_by_id(uuid4())

    def test_an_instance_that_was_removed_is_not_found(self, instance: Instance) -> None:
        organization = connect(instance)
        Instance.objects.all().delete()
        with pytest.raises(NotFound):
            organization.who_am_i()


class TestPeople:
    def test_disabled_users_hold_no_role(self, instance: Instance) -> None:
        user = add_person(instance, OrganizationRole.SYSTEM_ADMINISTRATOR)
        SystemUser.objects.filter(pk=user.pk).update(disabled=True)
        organization = connect(instance)
        assert user.object_id is not None
        assert organization.users_with_role(OrganizationRole.SYSTEM_ADMINISTRATOR) == []
        assert organization.roles_of(user.object_id) == frozenset()

    def test_a_role_is_known_by_its_template_whatever_its_name(self, instance: Instance) -> None:
        user = add_person(instance, OrganizationRole.SYSTEM_ADMINISTRATOR)
        roles = instance.security_roles.filter(
            template_id=ROLE_TEMPLATES[OrganizationRole.SYSTEM_ADMINISTRATOR]
        )
        roles.update(name="Systemadministrator")
        assert user.object_id is not None
        assert connect(instance).roles_of(user.object_id) == {OrganizationRole.SYSTEM_ADMINISTRATOR}


class TestInstancesApart:
    def test_records_of_another_instance_are_not_seen(self, instance: Instance) -> None:
        record = connect(make_instance("Northwind")).create("account", {"name": "x"})
        assert connect(instance).query(Query("account")) == []
        with pytest.raises(NotFound):
            connect(instance).get("account", record.id)

    def test_the_same_id_may_exist_in_two_instances(self, instance: Instance) -> None:
        record = connect(make_instance("Northwind")).create("account", {"name": "x"})
        assert connect(instance).create("account", {"name": "y"}, id=record.id).attributes == {"name": "y"}


class TestImports:
    def test_a_base_language_that_the_package_lacks_gets_its_base_texts(self, instance: Instance) -> None:
        Instance.objects.filter(pk=instance.pk).update(base_language=1055)
        connect(instance).import_solution(BASE, operation_id=uuid4())
        assert connect(instance).labels("adx_webpage", 1055)["LocalizedName"] == "Web Page"

    def test_labels_that_a_newer_version_dropped_are_gone(self, instance: Instance) -> None:
        organization = connect(instance)
        old = {"CrmTranslations.xml": labelled(Text("pear", "A", 1033, "a"), Text("pear", "B", 1033, "b"))}
        new = {"CrmTranslations.xml": labelled(Text("pear", "A", 1033, "a2"))}
        organization.import_solution(package(old), operation_id=uuid4())
        newer = package(new, solution=solution_xml(version="1.2.3.5"))
        organization.import_solution(newer, operation_id=uuid4())
        assert organization.labels("pear", 1033) == {"A": "a2"}

    def test_a_lower_version_fails(self, instance: Instance) -> None:
        organization = connect(instance)
        organization.import_solution(package(), operation_id=uuid4())
        lower = package(solution=solution_xml(version="1.2.3.3"))
        assert organization.import_solution(lower, operation_id=uuid4()).error_code == "older_version"

    def test_the_name_is_in_the_organizations_language(self, instance: Instance) -> None:
        Instance.objects.filter(pk=instance.pk).update(base_language=1031)
        connect(instance).import_solution(BASE, operation_id=uuid4())
        assert [solution.friendly_name for solution in connect(instance).solutions()] == ["Portalbasis"]

    def test_an_interrupted_import_leaves_nothing_and_goes_on_later(
        self, instance: Instance, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        operation_id, organization = uuid4(), connect(instance)
        with monkeypatch.context() as patched:
            patched.setattr(imports, "finish", _die)
            with pytest.raises(KeyboardInterrupt), transaction.atomic():
                organization.import_solution(BASE, operation_id=operation_id)
        assert not Solution.objects.exists()
        assert not Label.objects.exists()
        assert organization.import_solution(BASE, operation_id=operation_id).state is OperationState.SUCCEEDED


def _die(*_: object) -> None:
    """What a worker that is killed looks like from inside."""
    raise KeyboardInterrupt


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_one_operation_asked_for_twice_is_one_import(self, monkeypatch: pytest.MonkeyPatch) -> None:
        instance, operation_id = make_instance(), uuid4()
        written: list[str] = []
        apply = staging.apply

        def counted(row: AsyncOperation, solution: Solution, *rest: Any) -> None:
            written.append(solution.unique_name)
            apply(row, solution, *rest)

        monkeypatch.setattr(staging, "apply", counted)

        def ask() -> Operation:
            return connect(instance).import_solution(BASE, operation_id=operation_id)

        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                Instance.objects.select_for_update(no_key=True).get(pk=instance.pk)
                other = behind(pool, ask)
                ours = ask()
            assert other.result(20) == ours
        assert written == ["PortalBase"]
        assert AsyncOperation.objects.count() == 1

    def test_imports_into_one_organization_queue(self) -> None:
        instance = make_instance()
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                connect(instance).import_solution(BASE, operation_id=uuid4())
                other = behind(pool, lambda: connect(instance).import_solution(PORTAL, operation_id=uuid4()))
            # It was judged by what the first one left, not by what was there when it was asked for.
            assert other.result(20).state is OperationState.SUCCEEDED

    def test_an_import_leaves_records_free_to_change(self) -> None:
        instance = make_instance()
        with ThreadPoolExecutor(1) as pool, transaction.atomic():
            connect(instance).import_solution(BASE, operation_id=uuid4())
            made = pool.submit(on_its_own, lambda: connect(instance).create("account", {"a": 1}))
            assert made.result(20).attributes == {"a": 1}

    def test_an_interrupted_import_is_seen_as_in_progress(self, monkeypatch: pytest.MonkeyPatch) -> None:
        organization, operation_id = connect(make_instance()), uuid4()
        monkeypatch.setattr(imports, "finish", _die)
        with pytest.raises(KeyboardInterrupt):
            organization.import_solution(BASE, operation_id=operation_id)
        assert organization.operation(operation_id).state is OperationState.IN_PROGRESS
        assert organization.solutions() == []

    @pytest.mark.parametrize("way", ["update", "upsert"])
    def test_two_changes_of_one_record_both_count(self, way: str) -> None:
        organization = connect(make_instance())
        record = organization.create("account", {})
        change = getattr(organization, way)
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                change("account", record.id, {"a": 1})
                other = behind(pool, lambda: change("account", record.id, {"b": 1}))
            assert other.result(20).version == 3
        assert organization.get("account", record.id).attributes == {"a": 1, "b": 1}

    def test_two_upserts_of_the_same_new_record_make_it_once(self) -> None:
        organization, record_id = connect(make_instance()), uuid4()
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                organization.upsert("account", record_id, {"a": 1})
                other = behind(pool, lambda: organization.upsert("account", record_id, {"b": 1}))
            assert other.result(20).attributes == {"a": 1, "b": 1}

    def test_records_are_locked_in_one_order_however_they_are_given(self) -> None:
        organization = connect(make_instance())
        first, last = sorted([uuid4(), uuid4()])
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                organization.upsert("account", first, {"a": 1})
                both = [("account", last, {"b": 1}), ("account", first, {"b": 1})]
                other = behind(pool, lambda: organization.upsert_many(both))
                # The other one waits at the first, so it cannot hold the last; else neither could go on.
                organization.upsert("account", last, {"a": 1})
            assert other.result(20) == 2


@pytest.mark.parametrize(
    "attributes",
    [{"a": "nul \0"}, {"a": float("nan")}, {"a": object()}, {"a": "\ud800"}, {"id": 1}, {"a b": 1}, {"": 1}],
)
def test_values_that_cannot_be_stored_are_refused(instance: Instance, attributes: dict[str, object]) -> None:
    with pytest.raises(Rejected) as refusal:
        connect(instance).create("account", attributes)
    assert refusal.value.code == "bad_value"


def test_a_call_takes_one_query_more_than_its_own(
    instance: Instance, django_assert_num_queries: Callable[[int], Any]
) -> None:
    organization = connect(instance)
    with django_assert_num_queries(2):
        organization.query(Query("account"))
