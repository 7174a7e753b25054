"""Workers that are killed in the middle of an import: it is whole in the end, and nobody saw half of it."""

from __future__ import annotations

import os
import signal
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.roles import OrganizationRole
from jobs.models import Job
from jobs.services import enqueue
from organizations import installations, uploads
from organizations.connect import connect
from organizations.models import AsyncOperation, Instance, Label, Solution, SolutionInstall, StagedLabel
from organizations.packages import catalog
from organizations.packages.package import LabelText
from provisioning.models import Portal
from tests.faults.crew import Crew, all_succeed, holder, read
from tests.organizations.packaging import labelled, package
from tests.organizations.world import ENGLISH, FRENCH, GERMAN, make_instance, make_user
from tests.waiting import until

LABELS = 40_000  # several parts of an import


@pytest.fixture
def instance(transactional_db: None) -> Instance:
    return make_instance()


@pytest.fixture
def administrator(instance: Instance) -> User:
    return make_user(instance, OrganizationRole.SYSTEM_ADMINISTRATOR)


def large() -> bytes:
    texts = [LabelText(f"pear{n:05}", "Name", ENGLISH, f"Pear {n}") for n in range(LABELS)]
    return package({"CrmTranslations.xml": labelled(*texts)})


def in_the_middle(job: Job) -> int:
    """Wait until a part of the import is prepared: the pid of the process that is at it."""

    def begun() -> bool:
        assert read(job).is_active, read(job).error_message
        return AsyncOperation.objects.filter(state="in-progress", progress__range=(1, 98)).exists()

    until(begun, what="a part of the import")
    return holder(job)


def nothing_is_seen(instance: Instance) -> bool:
    return connect(instance).solutions() == [] and connect(instance).labels("pear00000", ENGLISH) == {}


def test_death_in_the_middle_of_an_import(crew: Crew, instance: Instance, administrator: User) -> None:
    crew.start()
    job = uploads.install(instance=instance, data=large(), uploaded_by=administrator)
    os.kill(in_the_middle(job), signal.SIGKILL)
    assert nothing_is_seen(instance)
    assert StagedLabel.objects.exists()
    all_succeed([job], seconds=60)
    assert read(job).claims >= 2
    assert Label.objects.count() == LABELS
    assert not StagedLabel.objects.exists()
    assert SolutionInstall.objects.get().state == "installed"
    assert AsyncOperation.objects.get().state == "succeeded"  # the one that was interrupted went on


def test_death_of_all_workers_and_a_new_one(crew: Crew, instance: Instance, administrator: User) -> None:
    worker = crew.start()
    job = uploads.install(instance=instance, data=large(), uploaded_by=administrator)
    in_the_middle(job)
    crew.kill(worker)
    assert nothing_is_seen(instance)
    crew.start()
    all_succeed([job], seconds=60)
    assert Label.objects.count() == LABELS


def test_death_before_the_checkpoint_of_an_import_does_not_import_twice(
    crew: Crew, instance: Instance, administrator: User
) -> None:
    (crew.folder / "in-0").touch()
    crew.start()
    job = installations.install(instance_id=instance.id, unique_name="PortalBase", requested_by=administrator)
    all_succeed([job], seconds=30)
    assert read(job).claims == 2
    assert AsyncOperation.objects.count() == 1
    assert Solution.objects.get().unique_name == "PortalBase"


def test_death_in_an_update_of_translations_keeps_its_report(crew: Crew, instance: Instance) -> None:
    """The figures are the organization's own, so the second attempt tells what the first one did."""
    connect(instance).import_solution(catalog.load("PortalBase"), operation_id=uuid4())
    connect(instance).enable_language(FRENCH)
    Label.objects.create(
        instance=instance, component="adx_webpage", column="LocalizedName", lcid=GERMAN, text="Blatt"
    )
    (crew.folder / "in-1").touch()
    crew.start()
    portal = _portal(instance)
    job = enqueue(
        kind="update-translations",
        inputs={"portal_id": str(portal), "instance_id": str(instance.id), "solutions": ["PortalBase"]},
        exclusive_key=f"portal:{portal}",
        serial_key=f"organization:{instance.id}",
    )
    all_succeed([job], seconds=30)
    told = {changes["lcid"]: changes for changes in job.steps.get(index=1).output["labels"]}
    assert read(job).claims == 2
    assert told[FRENCH]["added"] == told[ENGLISH]["unchanged"]
    assert told[GERMAN]["kept"] == 1
    assert connect(instance).labels("adx_webpage", GERMAN)["LocalizedName"] == "Blatt"


def _portal(instance: Instance) -> object:
    now = timezone.now()
    job = Job.objects.create(
        kind="provision-portal",
        definition=1,
        state="succeeded",
        step_count=0,
        run_at=now,
        created_at=now,
        finished_at=now,
    )
    return Portal.objects.create(
        name="Fabrikam Help",
        type="production",
        phase="configured",
        packages="installed",
        instance=instance,
        subdomain="fabrikam-help",
        language=ENGLISH,
        template="customer-self-service",
        provision_job=job,
    ).pk
