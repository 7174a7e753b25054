"""A job as pages show it: its steps, how far it is, and when the page should ask again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext

from accounts import formats
from accounts.words import N_
from jobs import registry, services, standstill
from jobs.errors import JobError
from jobs.models import Job, JobStep
from jobs.registry import Subject
from jobs.standstill import Standstill
from jobs.states import RESTARTABLE, JobState, StepState

# Young jobs change every second, old ones do not: seconds between two looks, by the age of the job in seconds.
_INTERVALS = ((30, 1), (120, 2), (600, 5))
_SLOWEST = 15

_WORDS: dict[JobState, str] = {
    JobState.QUEUED: N_("Waiting for a worker"),
    JobState.RUNNING: N_("In progress"),
    JobState.WAITING: N_("Waiting to try again"),
    JobState.CANCELLING: N_("Being cancelled"),
    JobState.SUCCEEDED: N_("Done"),
    JobState.FAILED: N_("Failed"),
    JobState.BLOCKED: N_("An administrator must act"),
    JobState.CANCELLED: N_("Cancelled"),
    JobState.QUARANTINED: N_("Stopped: its workers died over it"),
}


# Why it stands as it does, and who can do what next.
_EXPLANATIONS: dict[JobState, str] = {
    JobState.QUEUED: N_(
        "It is accepted and will begin as soon as a worker is free. You need do nothing, and may leave "
        "this page."
    ),
    JobState.RUNNING: N_(
        "A worker does one step after the other. You may leave this page; the work goes on."
    ),
    JobState.WAITING: N_(
        "What it needs does not answer just now, or is still working. It goes on by itself."
    ),
    JobState.CANCELLING: N_(
        "Its worker was told to stop, and confirms as soon as the present step allows it."
    ),
    JobState.SUCCEEDED: N_("Every step is done."),
    JobState.FAILED: N_(
        "The step that is marked failed for good. When its cause is gone, whoever manages this can "
        "restart it: what is done is kept, and it goes on at that step."
    ),
    JobState.BLOCKED: N_(
        "A right is missing. When an administrator has given it, whoever manages this can restart it, "
        "and it goes on at the step that is marked."
    ),
    JobState.CANCELLED: N_(
        "A person stopped it. Whoever manages this can restart it, and it goes on where it stopped."
    ),
    JobState.QUARANTINED: N_(
        "The workers that did the step that is marked died, one after the other, so no other takes "
        "it. Support staff should look at the log under the Error ID before anybody restarts it."
    ),
}

# The same when something that is not the job's own keeps it from beginning.
_STANDSTILLS: dict[Standstill, str] = {
    Standstill.WORKERS: N_(
        "No worker is running just now. Nothing is lost: the job is written down, and begins by itself as soon as "
        "a worker is there. You may leave this page."
    ),
    Standstill.BROKER: N_(
        "The broker, which wakes the workers, does not answer just now. Nothing is lost: the job is written down, "
        "and begins by itself as soon as the broker is back. You may leave this page."
    ),
    Standstill.TURN: N_(
        "Another job works on the same organization. This one waits for its turn, and begins by itself. You may "
        "leave this page."
    ),
}


_STEP_WORDS: dict[StepState, str] = {
    StepState.PENDING: N_("not begun"),
    StepState.RUNNING: N_("in progress"),
    StepState.WAITING: N_("waiting"),
    StepState.DONE: N_("done"),
    StepState.FAILED: N_("failed"),
}


@dataclass(frozen=True)
class StepView:
    """One line of the timeline. `took` is None until the step is done."""

    title: str
    state: StepState
    attempt: int
    kept: bool
    took: timedelta | None
    error_message: str

    @property
    def icon(self) -> str:
        return self.state.value

    @property
    def words(self) -> str:
        return gettext(_STEP_WORDS[self.state])

    @property
    def seconds(self) -> str:
        return "" if self.took is None else formats.seconds(self.took.total_seconds())


@dataclass(frozen=True)
class Progress:
    """A job for a page. `seen` is what the page says that it shows; `interval` is in seconds, 0 when it is over.

    `standstill`: what keeps it from beginning, though it is due; `explanation` tells of it.
    """

    job: Job
    title: str
    subject: Subject | None
    words: str
    explanation: str
    steps: list[StepView]
    done: int
    interval: int
    seen: str
    waits_until: datetime | None
    standstill: Standstill | None

    @property
    def total(self) -> int:
        return len(self.steps)

    @property
    def is_over(self) -> bool:
        return self.interval == 0

    @property
    def failing(self) -> bool:
        return self.is_over and self.job.state != JobState.SUCCEEDED


def interval_of(job: Job, now: datetime) -> int:
    """Seconds until the page should ask again; 0 when there is nothing more to come."""
    if not job.is_active:
        return 0
    age = (now - job.created_at).total_seconds()
    return next((seconds for bound, seconds in _INTERVALS if age < bound), _SLOWEST)


def state_seen(seen: str) -> str:
    """The state in what a page says that it shows; "" for nonsense."""
    state = seen.rpartition("-")[2]
    return state if state in set(JobState) else ""


def seen_of(job: Job, now: datetime) -> str:
    """What a page shows of the job, in short: unchanged means that it need not be rendered again."""
    return _seen(job, now, standstill.of(job, now))


def _seen(job: Job, now: datetime, still: Standstill | None) -> str:
    return f"{job.version}-{interval_of(job, now)}-{still or 'free'}-{job.state}"


def progress_of(job: Job) -> Progress:
    """Two queries, for the steps and what the job is about; and those of `standstill.of` while it is due."""
    now = timezone.now()
    still = standstill.of(job, now)
    kind = registry.shown(job.kind, job.definition)
    steps = [_step(kind, step) for step in job.steps.all()]
    state = JobState(job.state)
    return Progress(
        job=job,
        title=gettext(kind.title) if kind else job.kind,
        subject=kind.subject(job) if kind else None,
        words=words_of(job),
        explanation=gettext(_STANDSTILLS[still] if still else _EXPLANATIONS[state]),
        steps=steps,
        done=sum(step.state is StepState.DONE for step in steps),
        interval=interval_of(job, now),
        seen=_seen(job, now, still),
        waits_until=job.run_at if state is JobState.WAITING and job.run_at > now else None,
        standstill=still,
    )


def _step(kind: registry.Kind | None, step: JobStep) -> StepView:
    took = step.finished_at - step.started_at if step.finished_at and step.started_at else None
    return StepView(
        title=_step_title(kind, step) if kind else step.name,
        state=StepState(step.state),
        attempt=step.attempt,
        kept=step.kept,
        took=took,
        error_message=step.error_message,
    )


def _step_title(kind: registry.Kind, step: JobStep) -> str:
    """In the reader's language; a step of an older version that is gone is shown by its name."""
    try:
        return gettext(kind.step(step.name).title).format(argument=step.argument)
    except KeyError:
        return step.name


def refusal(error: Exception, job: Job | None = None) -> str:
    """Why something could not be done with a job, in the reader's language."""
    if isinstance(error, services.AlreadyActive):
        return already_started(error.job)
    if isinstance(error, JobError):
        return gettext(error.message)
    if job is not None and (isinstance(error, services.NotCancellable) or job.state not in RESTARTABLE):
        return gettext("This cannot be done with the job now: %(state)s.") % {"state": words_of(job)}
    return gettext(str(error))


def words_of(job: Job) -> str:
    """Its state in the reader's language."""
    return state_words(JobState(job.state))


def state_words(state: JobState) -> str:
    """The same for any state."""
    return gettext(_WORDS[state])


def already_started(job: Job) -> str:
    """Who was first, and when."""
    return gettext("%(person)s started this already (%(time)s).") % {
        "person": job.requested_by or gettext("the system"),
        "time": formats.moment(job.created_at),
    }


@dataclass(frozen=True)
class RestartStep:
    """What a restart makes of one step: "kept", "verified again" or "done anew"."""

    title: str
    fate: str


def restart_plan(job: Job) -> list[RestartStep]:
    """What a restart with the same values would do, step by step, so that people know before they click."""
    kind = registry.shown(job.kind, job.definition)
    return [] if kind is None else [_fate(kind, step) for step in job.steps.all()]


def _fate(kind: registry.Kind, step: JobStep) -> RestartStep:
    done = step.state == StepState.DONE or step.kept
    fate = gettext("done anew")
    if done:
        kept = _is_kept(kind, step)
        fate = gettext("kept") if kept else gettext("verified again")
    return RestartStep(_step(kind, step).title, fate)


def _is_kept(kind: registry.Kind, step: JobStep) -> bool:
    try:
        return kind.step(step.name).on_restart is registry.OnRestart.KEEP
    except KeyError:  # of a version that this process does not know
        return False
