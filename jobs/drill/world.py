"""The outside world of the drill: a folder that remembers all that was done to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID


@dataclass(frozen=True)
class World:
    """Two files a step, named by its op_key: a line for each time it began, one for each time its effect was made."""

    folder: Path

    def begin(self, op_key: UUID) -> None:
        self._add(f"{op_key}.begun")

    def begun(self, op_key: UUID) -> int:
        return self._lines(f"{op_key}.begun")

    def make(self, op_key: UUID) -> None:
        """The effect, which a second call would make a second time."""
        self._add(f"{op_key}.made")

    def made(self, op_key: UUID) -> int:
        return self._lines(f"{op_key}.made")

    def is_open(self, job_id: UUID) -> bool:
        """Whether the steps of this job that wait at the gate may pass."""
        return (self.folder / f"{job_id}.open").exists()

    def open(self, job_id: UUID) -> None:
        (self.folder / f"{job_id}.open").touch()

    @contextmanager
    def at_gate(self, job_id: UUID) -> Iterator[None]:
        """Says that a step of the job waits at the gate."""
        sign = self.folder / f"{job_id}.waits"
        sign.touch()
        yield
        sign.unlink(missing_ok=True)

    def waits(self, job_id: UUID) -> bool:
        return (self.folder / f"{job_id}.waits").exists()

    def forget_waiting(self, job_id: UUID) -> None:
        """Whoever waited there is dead or asleep; the next to come says so anew."""
        (self.folder / f"{job_id}.waits").unlink(missing_ok=True)

    def _add(self, name: str) -> None:
        with (self.folder / name).open("a") as file:
            file.write("x\n")

    def _lines(self, name: str) -> int:
        path = self.folder / name
        return len(path.read_text().splitlines()) if path.exists() else 0
