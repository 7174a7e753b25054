"""The tables of the engine. PostgreSQL is the truth about every job; see docs/states.md.

Rows change in `jobs.transitions` only, so that each change is one guarded statement.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from jobs.states import ACTIVE, ATTENTION, CLAIMABLE, FINISHED, LEASED, JobState, StepState

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


def _values(states: frozenset[JobState]) -> list[str]:
    return sorted(state.value for state in states)


class Job(models.Model):
    """One run of a workflow: what was asked, where it stands, who holds it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=60)
    definition = models.PositiveIntegerField(
        help_text="Version of the kind's definition that made the steps."
    )
    # What it works on (a portal): one active job at a time.
    exclusive_key = models.CharField(max_length=120, null=True)  # noqa: DJ001 - NULL takes no part in the constraint
    # What it uses (an organization): many may wait, one works.
    serial_key = models.CharField(max_length=120, null=True)  # noqa: DJ001 - as above
    serial_held = models.BooleanField(default=False)
    # The same request sent twice names the same key, and makes one job.
    idempotency_key = models.CharField(max_length=120, null=True)  # noqa: DJ001 - as above
    inputs = models.JSONField(default=dict)
    state = models.CharField(max_length=12, default=JobState.QUEUED.value)
    # Grows with every change that a person could see; pages poll with it.
    version = models.PositiveIntegerField(default=1)
    cursor = models.PositiveSmallIntegerField(default=0, help_text="Index of the step to do next.")
    step_count = models.PositiveSmallIntegerField()
    run_at = models.DateTimeField()
    deadline_at = models.DateTimeField(null=True)
    rung_at = models.DateTimeField(null=True)
    rings = models.PositiveIntegerField(default=0)
    # The token of the present claim: whoever has an older one may change nothing.
    fence = models.PositiveIntegerField(default=0)
    lease_owner = models.CharField(max_length=120, blank=True, default="")
    lease_expires_at = models.DateTimeField(null=True)
    claims = models.PositiveIntegerField(default=0)
    fruitless_claims = models.PositiveIntegerField(
        default=0, help_text="Claims whose worker died, since the last step done."
    )
    step_errors = models.PositiveIntegerField(default=0, help_text="Errors of the present step so far.")
    cancel_requested_at = models.DateTimeField(null=True)
    cancel_requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    error_code = models.CharField(max_length=60, blank=True, default="")
    error_message = models.TextField(blank=True, default="")
    error_id = models.CharField(max_length=8, blank=True, default="")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="jobs"
    )
    restart_of = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="restarts", db_index=False
    )
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    if TYPE_CHECKING:
        steps: RelatedManager[JobStep]
        events: RelatedManager[JobEvent]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in JobState]), name="jobs_job_state_known"
            ),
            models.CheckConstraint(
                condition=(
                    Q(state__in=_values(LEASED)) & ~Q(lease_owner="") & Q(lease_expires_at__isnull=False)
                )
                | (~Q(state__in=_values(LEASED)) & Q(lease_owner="") & Q(lease_expires_at__isnull=True)),
                name="jobs_job_lease_iff_held",
            ),
            models.CheckConstraint(
                condition=(Q(state__in=_values(FINISHED)) & Q(finished_at__isnull=False))
                | (~Q(state__in=_values(FINISHED)) & Q(finished_at__isnull=True)),
                name="jobs_job_finished_iff_ended",
            ),
            models.CheckConstraint(condition=Q(cursor__lte=F("step_count")), name="jobs_job_cursor_in_range"),
            models.CheckConstraint(
                condition=~Q(state=JobState.SUCCEEDED.value) | Q(cursor=F("step_count")),
                name="jobs_job_succeeded_is_complete",
            ),
            models.CheckConstraint(
                condition=Q(serial_held=False) | (Q(serial_key__isnull=False) & Q(state__in=_values(ACTIVE))),
                name="jobs_job_serial_held_while_active",
            ),
            models.UniqueConstraint(
                fields=["exclusive_key"],
                condition=Q(state__in=_values(ACTIVE)),
                name="jobs_job_one_active_per_key",
            ),
            models.UniqueConstraint(
                fields=["idempotency_key"],
                condition=Q(idempotency_key__isnull=False),
                name="jobs_job_once_per_request",
            ),
            models.UniqueConstraint(
                fields=["serial_key"], condition=Q(serial_held=True), name="jobs_job_one_holder_per_key"
            ),
        ]
        indexes = [
            models.Index(fields=["run_at"], condition=Q(state__in=_values(CLAIMABLE)), name="jobs_job_due"),
            # Of the few that are held. Not by lease_expires_at: a checkpoint changes it, and would then have to
            # write into every index of the table anew (PostgreSQL's heap-only updates).
            models.Index(fields=["id"], condition=Q(state__in=_values(LEASED)), name="jobs_job_leases"),
            models.Index(
                fields=["restart_of"], condition=Q(restart_of__isnull=False), name="jobs_job_restarts"
            ),
            models.Index(
                fields=["cancel_requested_by"],
                condition=Q(cancel_requested_by__isnull=False),
                name="jobs_job_cancellers",
            ),
            models.Index(
                fields=["deadline_at"], condition=Q(state__in=_values(ACTIVE)), name="jobs_job_deadlines"
            ),
            models.Index(
                fields=["serial_key", "created_at"],
                condition=Q(state__in=_values(CLAIMABLE)),
                name="jobs_job_serial_queue",
            ),
            models.Index(fields=["exclusive_key", "-created_at"], name="jobs_job_by_subject"),
            models.Index(fields=["error_id"], condition=~Q(error_id=""), name="jobs_job_by_error_id"),
            # Failed jobs by their cause.
            models.Index(
                fields=["kind", "error_code", "-created_at"],
                condition=Q(state__in=_values(ATTENTION)),
                name="jobs_job_by_cause",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def job_state(self) -> JobState:
        return JobState(self.state)

    @property
    def is_active(self) -> bool:
        return self.job_state.active


class JobStep(models.Model):
    """One step of a job. `op_key` names the step's effect in the outside world, the same over all attempts."""

    # The constraint below is its index.
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="steps", db_index=False)
    index = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=60)
    argument = models.CharField(max_length=120, blank=True, default="")
    state = models.CharField(max_length=8, default=StepState.PENDING.value)
    attempt = models.PositiveIntegerField(default=0)
    fence = models.PositiveIntegerField(default=0, help_text="Claim that did it.")
    op_key = models.UUIDField(default=uuid.uuid4, editable=False)
    output = models.JSONField(default=dict)
    kept = models.BooleanField(default=False, help_text="Done by an earlier attempt, and taken over from it.")
    error_code = models.CharField(max_length=60, blank=True, default="")
    error_message = models.TextField(blank=True, default="")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["index"]
        constraints = [
            models.UniqueConstraint(fields=["job", "index"], name="jobs_step_once"),
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in StepState]), name="jobs_step_state_known"
            ),
            models.CheckConstraint(
                condition=(Q(state=StepState.DONE.value) & Q(finished_at__isnull=False))
                | (~Q(state=StepState.DONE.value) & Q(finished_at__isnull=True)),
                name="jobs_step_finished_iff_done",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.index} {self.name}"

    @property
    def key(self) -> str:
        """How other steps of the job find this one's output."""
        return f"{self.name}:{self.argument}" if self.argument else self.name


class JobEvent(models.Model):
    """What happened to a job, who or what caused it. Only ever added to."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    name = models.CharField(max_length=24)
    state = models.CharField(max_length=12)
    step = models.PositiveSmallIntegerField(null=True)
    actor = models.CharField(max_length=150)
    detail = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.at:%H:%M:%S} {self.name}"


class Resource(models.Model):
    """The ledger: what jobs made in the outside world. A row is written before the thing is made."""

    class Scope(models.TextChoices):
        HOSTED = "hosted", "hosted by us: a reset removes it"
        ORGANIZATION = "organization", "the organization's own: a reset leaves it"

    class State(models.TextChoices):
        PLANNED = "planned", "about to be made"
        MADE = "made", "there"
        RELEASED = "released", "removed"

    exclusive_key = models.CharField(max_length=120)
    kind = models.CharField(max_length=60)
    name = models.CharField(max_length=200)
    external_id = models.CharField(max_length=200, blank=True, default="")
    scope = models.CharField(max_length=12, choices=Scope.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PLANNED)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="resources")
    created_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["exclusive_key", "kind", "name"],
                condition=~Q(state="released"),
                name="jobs_resource_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["planned", "made", "released"]), name="jobs_resource_state_known"
            ),
            models.CheckConstraint(
                condition=Q(scope__in=["hosted", "organization"]), name="jobs_resource_scope_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name} ({self.state})"


class Worker(models.Model):
    """A worker process that is, or was lately, alive."""

    owner = models.CharField(max_length=120, primary_key=True)
    host = models.CharField(max_length=100)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.host} {self.pid}"

    @property
    def pid(self) -> str:
        """The number of its main process."""
        return self.owner.rsplit("/", 2)[1]
