import os
from pathlib import Path

import pytest

from portaladmin.up import places


@pytest.fixture
def embedded() -> Path:
    """The DATA_DIR of the servers that this run has started for itself."""
    folder = Path(os.environ["DATA_DIR"])
    if os.environ["DATABASE_URL"] != places.database_url(folder) or os.environ[
        "REDIS_URL"
    ] != places.redis_url(folder):
        pytest.skip("this run uses servers of one's own")
    return folder
