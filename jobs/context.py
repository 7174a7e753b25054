"""What a step gets to work with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction

from jobs import ledger
from jobs.errors import LostLease, Stopped, Transient
from jobs.models import Job, Resource
from jobs.states import LEASED

if TYPE_CHECKING:
    from jobs.heartbeat import Watch


@dataclass(frozen=True)
class StepContext:
    """One attempt at one step of one job.

    inputs: the snapshot that the job was asked with. outputs: what the earlier steps returned, by `JobStep.key`.
    op_key: names the step's effect in the outside world, the same over attempts and restarts.
    attempt: counts from 1.
    """

    job_id: UUID
    exclusive_key: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Mapping[str, Any]]
    argument: str
    op_key: UUID
    attempt: int
    requested_by_id: int | None
    watch: Watch

    def check(self) -> None:
        """To be called now and then by a long step, where it can stop.

        Raises LostLease (the job is another worker's now), Stopped (a deploy or a cancellation waits), Transient
        (the attempt took too long).
        """
        if self.watch.lost:
            raise LostLease
        if self.watch.asked_to_stop:
            raise Stopped
        if self.watch.overdue > 0:
            raise Transient("The step took longer than it may.", code="too_slow")

    @contextmanager
    def owned(self) -> Iterator[None]:
        """A transaction in which the job is this worker's: a worker that overslept its lease writes nothing in it.

        For what a step writes into our tables beside its checkpoint. Raises LostLease.
        """
        with transaction.atomic():
            ours = Job.objects.filter(pk=self.job_id, fence=self.watch.fence, state__in=LEASED)
            if not list(ours.select_for_update(no_key=True).values_list("pk")):
                raise LostLease
            yield

    def plan(self, kind: str, name: str, *, scope: Resource.Scope = Resource.Scope.HOSTED) -> Resource:
        """Write into the ledger what this step is about to make. Raises LostLease."""
        with self.owned():
            return ledger.plan(
                job_id=self.job_id, exclusive_key=self.exclusive_key, kind=kind, name=name, scope=scope
            )
