"""Imports in parts: nothing is seen before the end, whatever dies in between; and what an import costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from organizations.adapters.embedded import staging
from organizations.connect import connect
from organizations.models import AsyncOperation, Instance, Label, Solution, StagedLabel
from organizations.packages.package import LabelText
from organizations.ports import LabelChanges, Operation, OperationState
from tests.organizations.packaging import labelled, package, solution_xml
from tests.organizations.world import ENGLISH, FRENCH, GERMAN, make_instance


def fruit(
    count: int, *lcids: int, version: str = "1.2.3.4", name: str = "Fruit", word: str = "word"
) -> bytes:
    """A package with so many labels in each language."""
    labels = [
        LabelText(f"pear{number:05}", "Name", lcid, f"{word} {number} {lcid}")
        for number in range(count)
        for lcid in lcids or (ENGLISH,)
    ]
    solution = solution_xml(version=version, unique_name=name)
    return package({"CrmTranslations.xml": labelled(*labels)}, solution=solution)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "SLICE", 10)


def see_through(instance: Instance, data: bytes) -> Operation:
    operation_id = uuid4()
    while not (
        operation := connect(instance).import_solution(data, operation_id=operation_id)
    ).state.finished:
        pass
    return operation


class TestParts:
    def test_a_large_import_tells_how_far_it_is(self, instance: Instance) -> None:
        operation_id, organization = uuid4(), connect(instance)
        first = organization.import_solution(fruit(25), operation_id=operation_id)
        assert (first.state, first.progress, first.component) == (OperationState.IN_PROGRESS, 40, "pear00009")
        second = organization.import_solution(fruit(25), operation_id=operation_id)
        assert (second.progress, organization.operation(operation_id)) == (80, second)
        last = organization.import_solution(fruit(25), operation_id=operation_id)
        assert (last.state, last.progress, last.component) == (OperationState.SUCCEEDED, 100, "Fruit")

    def test_nothing_is_seen_before_the_end(self, instance: Instance) -> None:
        organization = connect(instance)
        organization.import_solution(fruit(25), operation_id=uuid4())
        assert organization.solutions() == []
        assert organization.labels("pear00000", ENGLISH) == {}
        assert StagedLabel.objects.count() == 10

    def test_nothing_prepared_is_left_afterwards(self, instance: Instance) -> None:
        see_through(instance, fruit(25))
        assert not StagedLabel.objects.exists()
        assert Label.objects.count() == 25

    def test_another_import_in_between_makes_it_begin_anew(self, instance: Instance) -> None:
        organization, slow = connect(instance), uuid4()
        data = fruit(25, word="new", version="1.2.3.5")
        organization.import_solution(data, operation_id=slow)
        see_through(instance, fruit(15, word="old"))
        while not organization.import_solution(data, operation_id=slow).state.finished:
            pass
        assert set(Label.objects.values_list("text", flat=True)) == {f"new {n} 1033" for n in range(25)}

    def test_a_language_disabled_in_between_gets_no_labels(self, instance: Instance) -> None:
        organization, operation_id = connect(instance), uuid4()
        data = fruit(12, ENGLISH, GERMAN)
        organization.import_solution(data, operation_id=operation_id)
        organization.disable_language(GERMAN)
        while not organization.import_solution(data, operation_id=operation_id).state.finished:
            pass
        assert not Label.objects.filter(lcid=GERMAN).exists()

    def test_what_is_abandoned_goes_with_the_next_import(self, instance: Instance) -> None:
        connect(instance).import_solution(fruit(25), operation_id=uuid4())
        see_through(instance, fruit(5, name="Tree"))
        assert not StagedLabel.objects.exists()

    def test_an_upgrade_that_cannot_be_done_in_the_end_leaves_the_old_version(
        self, instance: Instance
    ) -> None:
        organization, operation_id = connect(instance), uuid4()
        see_through(instance, fruit(5))
        newer = fruit(25, word="new", version="1.2.3.5")
        organization.import_solution(newer, operation_id=operation_id)
        see_through(instance, fruit(5, word="newest", version="2.0.0.0"))
        while not (told := organization.import_solution(newer, operation_id=operation_id)).state.finished:
            pass
        assert told.error_code == "older_version"
        assert {solution.version for solution in organization.solutions()} == {"2.0.0.0"}
        assert not Label.objects.filter(text__startswith="new ").exists()
        assert not StagedLabel.objects.exists()


class TestWhatChanges:
    def test_a_label_that_reads_otherwise_is_changed_and_one_that_is_gone_is_taken_away(
        self, instance: Instance
    ) -> None:
        see_through(instance, fruit(8))
        told = see_through(instance, fruit(6, word="other", version="1.2.3.5")).labels
        assert told == (LabelChanges(ENGLISH, changed=6),)
        assert Label.objects.count() == 6

    def test_an_import_takes_the_labels_of_a_disabled_language_away(self, instance: Instance) -> None:
        see_through(instance, fruit(3, ENGLISH, GERMAN))
        connect(instance).disable_language(GERMAN)
        assert see_through(instance, fruit(3, ENGLISH, GERMAN)).labels == (
            LabelChanges(GERMAN, skipped=3),
            LabelChanges(ENGLISH, unchanged=3),
        )
        assert not Label.objects.filter(lcid=GERMAN).exists()

    def test_the_same_again_writes_no_label(
        self, instance: Instance, django_assert_max_num_queries: Callable[[int], Any]
    ) -> None:
        see_through(instance, fruit(25, ENGLISH, GERMAN))
        before = set(Label.objects.values_list("pk", flat=True))
        # However many labels there are: admission, the operation, locks, the verdict; nothing for each label.
        with django_assert_max_num_queries(28):
            see_through(instance, fruit(25, ENGLISH, GERMAN))
        assert set(Label.objects.values_list("pk", flat=True)) == before

    def test_one_more_language_leaves_the_others_alone(self, instance: Instance) -> None:
        see_through(instance, fruit(25, ENGLISH, GERMAN, FRENCH))
        before = dict(Label.objects.values_list("pk", "text"))
        connect(instance).enable_language(FRENCH)
        operation_id = uuid4()
        connect(instance).import_solution(fruit(25, ENGLISH, GERMAN, FRENCH), operation_id=operation_id)
        assert set(StagedLabel.objects.values_list("lcid", flat=True)) == {FRENCH}
        see_through(instance, fruit(25, ENGLISH, GERMAN, FRENCH))
        assert before.items() <= dict(Label.objects.values_list("pk", "text")).items()

    def test_one_more_language_costs_no_look_at_the_others(self, instance: Instance) -> None:
        """What is there of a language that stays as it is need not be compared with what comes."""
        see_through(instance, fruit(25, ENGLISH, GERMAN, FRENCH))
        connect(instance).enable_language(FRENCH)
        with CaptureQueriesContext(connection) as queries:
            see_through(instance, fruit(25, ENGLISH, GERMAN, FRENCH))
        reading = 'FROM "organizations_label" WHERE ("organizations_label"."lcid" = '
        assert not [query["sql"] for query in queries if f"{reading}{ENGLISH} " in query["sql"]]
        assert [query["sql"] for query in queries if f"{reading}{FRENCH} " in query["sql"]]

    def test_peoples_own_texts_are_counted_as_kept(self, instance: Instance) -> None:
        Label.objects.create(
            instance=instance, component="pear00001", column="Name", lcid=ENGLISH, text="Mine"
        )
        Label.objects.create(
            instance=instance, component="plum", column="Name", lcid=ENGLISH, text="Mine, too"
        )
        assert see_through(instance, fruit(5)).labels == (LabelChanges(ENGLISH, added=4, kept=1),)


def test_two_instances_do_not_meet(instance: Instance) -> None:
    other = make_instance("Northwind")
    connect(instance).import_solution(fruit(25), operation_id=uuid4())
    see_through(other, fruit(5))
    assert StagedLabel.objects.filter(operation__instance=instance).count() == 10
    assert AsyncOperation.objects.filter(instance=other, state="succeeded").count() == 1
    assert Solution.objects.get().instance == other
