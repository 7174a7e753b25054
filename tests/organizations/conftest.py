from __future__ import annotations

import pytest

from organizations.models import Instance
from tests.organizations.world import make_instance


@pytest.fixture
def instance(db: None) -> Instance:
    return make_instance()
