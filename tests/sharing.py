"""How several processes share the tests (`pytest -n 2`)."""

from __future__ import annotations

import os

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling


class Files(LoadScopeScheduling):  # type: ignore[misc]
    """A file's tests stay in one process, since what they share is made once for the file."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Files are handed out in the order of the collection."""
    config.option.loadscopereorder = False
    return Files(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What starts the whole product comes first: it takes longest, and at the end one process would wait for another.
    Browsers before the others, so that each process starts their product once.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: (item.get_closest_marker("stack") is None, "browser" not in item.nodeid))


def pytest_make_parametrize_id(val: object) -> str | None:
    """The processes must name tests alike, and octets made for one run only would name theirs differently."""
    return f"{len(val)} octets" if isinstance(val, bytes) else None
