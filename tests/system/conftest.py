"""Real programs, each test with folders of its own."""

import pytest
from redis import Redis
from tests.isolation import folders, planned_jobs, transactional_db
from tests.processes import queue_url

__all__ = ["folders", "planned_jobs", "transactional_db"]


@pytest.fixture(autouse=True)
def _empty_queue() -> None:
    """Let no worker begin with what a test before it has sent and left."""
    if url := queue_url():
        with Redis.from_url(url) as queue:
            queue.flushdb()
