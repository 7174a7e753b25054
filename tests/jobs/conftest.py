from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs import registry, services
from jobs.models import Job
from tests.jobs import toys

Enqueue = Callable[..., Job]


@pytest.fixture(autouse=True)
def toy_kind() -> Iterator[None]:
    toys.register()
    toys.settled.clear()
    yield
    registry.unregister(toys.KIND, 1)


@pytest.fixture
def enqueue(tmp_path: Path) -> Enqueue:
    """Enqueue a toy with these steps; its outside world is the test's temporary folder."""

    def make(*steps: str, **options: Any) -> Job:
        return services.enqueue(
            kind=toys.KIND, inputs={"steps": list(steps), "world": str(tmp_path)}, **options
        )

    return make
