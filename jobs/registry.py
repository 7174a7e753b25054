"""Kinds of jobs: their steps, and what other rooms do when one of them begins or ends.

A room registers its kinds at start-up (`AppConfig.ready`). Several versions of one kind may be registered at once,
so that jobs of the version before a deploy still find their steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from jobs.errors import JobError

if TYPE_CHECKING:
    from accounts.models import User
    from jobs.context import StepContext
    from jobs.models import Job

Output = Mapping[str, Any]


class Effect(StrEnum):
    """What a step says of itself: how it bears being run again after a crash."""

    DATABASE_ONLY = "database only"  # effect and checkpoint in one transaction
    IDEMPOTENT = "idempotent"  # sets a desired state, or sends its op_key
    PROBE_FIRST = "probe first"  # looks by op_key what is there, then acts
    NEVER_REPEAT = "never repeat"  # an unknown outcome blocks the job: a person must look, and restart it


class OnRestart(StrEnum):
    """What a restarted attempt makes of a step that an earlier one finished."""

    KEEP = "kept"
    VERIFY = "verified again"


@dataclass(frozen=True)
class Step:
    """One step of a kind. `run` gets a StepContext and returns what later steps and the page may read.

    `inputs` names the inputs of the job that it depends on. A title may name the step's argument: "Import {argument}".
    `limit` is the longest time that one attempt may take, in seconds: after it, `StepContext.check` ends the attempt,
    and an attempt that never checks is ended with its process.
    """

    name: str
    title: str
    run: Callable[[StepContext], Output | None]
    effect: Effect
    on_restart: OnRestart = OnRestart.KEEP
    inputs: tuple[str, ...] = ()
    limit: float = 600.0


@dataclass(frozen=True)
class Planned:
    """A step that a certain job will do."""

    name: str
    argument: str = ""


@dataclass(frozen=True)
class Subject:
    """What a job works on, for people: its name, and the page where it is managed."""

    name: str
    url: str


def _nothing(job: Job) -> None:
    return None


@dataclass(frozen=True)
class Kind:
    """One version of a workflow.

    plan: which steps a job with these inputs does, in order.
    on_begun / on_settled: called in the transaction that enqueues the job, and by every final transition.
    may_see / may_act: who may look at such a job, and who may cancel or restart it.
    deadline: the longest time from enqueue to the end; None is no limit.
    audited: whether the audit trail tells of such jobs, as it does save for those that try out the engine itself.
    """

    name: str
    version: int
    title: str
    steps: Sequence[Step]
    plan: Callable[[Mapping[str, Any]], Sequence[Planned]]
    may_see: Callable[[User, Job], bool]
    may_act: Callable[[User, Job], bool]
    subject: Callable[[Job], Subject | None]
    on_begun: Callable[[Job], None] = _nothing
    on_settled: Callable[[Job], None] = _nothing
    deadline: timedelta | None = None
    audited: bool = True
    _by_name: dict[str, Step] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._by_name.update({step.name: step for step in self.steps})
        if len(self._by_name) != len(self.steps):
            raise ValueError(f"Two steps of {self.name} have the same name.")

    def step(self, name: str) -> Step:
        """Raises KeyError."""
        return self._by_name[name]

    def step_title(self, name: str, argument: str = "") -> str:
        """What people read; a step of an older version that is gone is shown by its name."""
        step = self._by_name.get(name)
        return step.title.format(argument=argument) if step else name


class UnknownKind(JobError):
    """No room of this process registered that kind in that version."""

    code = "unknown_kind"


_kinds: dict[tuple[str, int], Kind] = {}


def register(kind: Kind) -> None:
    """Make a kind known. Raises ValueError if another one has its name and version."""
    known = _kinds.setdefault((kind.name, kind.version), kind)
    if known is not kind:
        raise ValueError(f"{kind.name} version {kind.version} is registered twice.")


def unregister(name: str, version: int) -> None:
    """Forget a kind; a worker of an older release does not know it either."""
    _kinds.pop((name, version), None)


def find(name: str, version: int) -> Kind:
    """Raises UnknownKind."""
    try:
        return _kinds[name, version]
    except KeyError:
        raise UnknownKind(f"This process does not know {name} version {version}.") from None


def latest(name: str) -> Kind:
    """The version that new jobs get. Raises UnknownKind."""
    versions = [version for known, version in _kinds if known == name]
    if not versions:
        raise UnknownKind(f"This process does not know {name}.")
    return _kinds[name, max(versions)]


def shown(name: str, version: int) -> Kind | None:
    """For pages: that version, else the latest, else None."""
    try:
        return _kinds.get((name, version)) or latest(name)
    except UnknownKind:
        return None


def known() -> list[tuple[str, int]]:
    """Names and versions of all kinds that this process can run."""
    return sorted(_kinds)


def names() -> list[str]:
    return sorted({name for name, _ in _kinds})
