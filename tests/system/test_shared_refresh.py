"""Two real Celery workers share one refresh, and processes are killed while they are at it."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from tests.pipeline.worlds import World, world_create
from tests.processes import program

from movies.models import SuggestionList
from pipeline.models import SuggestionBlock, SuggestionRefresh
from pipeline.services.suggesting import suggestion_lists_refresh

pytestmark = pytest.mark.system

SECONDS_AT_MOST = 60
WORKER = ("-m", "celery", "-A", "config", "worker", "--pool=solo", "--without-gossip", "--without-mingle")
LEADER = """
import django
django.setup()
from pipeline.services.distributed_refresh import shared_refresh, shared_refresh_complete
from pipeline.tasks import helpers_invite
with shared_refresh(reuse_days=0, block_users=6) as refresh:
    input()
    helpers_invite(refresh)
    print(shared_refresh_complete(refresh).refreshed)
"""
# Sessions that hold a block and wait for the ratings.
_AT_WORK = """
SELECT count(DISTINCT waiting.pid) FROM pg_locks waiting JOIN pg_locks holding USING (pid)
WHERE NOT waiting.granted AND waiting.relation = 'movies_rating'::regclass
  AND holding.relation = 'pipeline_suggestionblock'::regclass AND holding.mode = 'RowShareLock'
"""


@pytest.fixture
def refreshed(transactional_db: None, folders: Path) -> World:
    """A trained world whose lists one process has made."""
    world = world_create()
    call_command("exportdatasets")
    call_command("trainsurprisemodel", "--epochs", "5", "--factors", "5")
    suggestion_lists_refresh()
    return world


@contextmanager
def ratings_withheld() -> Iterator[BaseDatabaseWrapper]:
    """Let nobody read ratings, so that whoever has taken a block stays at it."""
    session = connection.copy()
    try:
        with session.cursor() as cursor:
            cursor.execute("BEGIN; LOCK TABLE movies_rating IN ACCESS EXCLUSIVE MODE")
            yield session
            cursor.execute("ROLLBACK")
    finally:
        session.close()


def wait(until: Callable[[], bool], folder: Path) -> None:
    deadline = time.monotonic() + SECONDS_AT_MOST
    while not until():
        if time.monotonic() > deadline:
            said = "\n".join(log.read_text() for log in folder.glob("*.log"))
            pytest.fail(f"It did not happen within {SECONDS_AT_MOST} s:\n{said}")
        time.sleep(0.1)


def n_at_work() -> int:
    with connection.cursor() as cursor:
        cursor.execute(_AT_WORK)
        return int(cursor.fetchone()[0])


@contextmanager
def all_at_work(folder: Path, leader: subprocess.Popen[bytes]) -> Iterator[None]:
    """Let the leader and both workers have two blocks each, and none go on before the ``with`` block ends."""
    wait(SuggestionBlock.objects.exists, folder)
    with ratings_withheld():
        assert leader.stdin is not None
        leader.stdin.write(b"\n")
        leader.stdin.flush()
        wait(lambda: n_at_work() == 6, folder)
        yield


def lists() -> list[tuple[int, list[int], list[float]]]:
    return list(SuggestionList.objects.order_by("user_id").values_list("user_id", "movie_ids", "scores"))


def test_killed_worker_costs_nothing_and_lists_equal_those_of_one_process(refreshed: World, folders: Path) -> None:
    alone = lists()
    with ExitStack() as stack:
        workers = [stack.enter_context(program(folders, f"worker-{n}", *WORKER, f"-n{n}@here")) for n in (1, 2)]
        leader = stack.enter_context(program(folders, "leader", "-c", LEADER))
        with all_at_work(folders, leader):
            workers[0].kill()
            workers[0].wait()
        wait(lambda: leader.poll() is not None, folders)

    assert (folders / "leader.log").read_text().endswith("60\n")
    refresh = SuggestionRefresh.objects.get()
    assert (refresh.state, refresh.n_blocks) == ("succeeded", 10)
    assert blocks_by_process(refresh).keys() <= {workers[1].pid, leader.pid}
    assert sum(blocks_by_process(refresh).values()) == 10
    assert lists() == alone


def test_workers_finish_and_switch_after_the_leader_is_killed(refreshed: World, folders: Path) -> None:
    alone = lists()
    SuggestionList.objects.all().delete()
    with ExitStack() as stack:
        workers = [stack.enter_context(program(folders, f"worker-{n}", *WORKER, f"-n{n}@here")) for n in (1, 2)]
        leader = stack.enter_context(program(folders, "leader", "-c", LEADER))
        with all_at_work(folders, leader):
            leader.kill()
            leader.wait()
        wait(lambda: SuggestionRefresh.objects.get().state != SuggestionRefresh.State.RUNNING, folders)

    refresh = SuggestionRefresh.objects.get()
    assert refresh.state == SuggestionRefresh.State.SUCCEEDED
    assert blocks_by_process(refresh).keys() <= {worker.pid for worker in workers}
    assert sum(blocks_by_process(refresh).values()) == 10
    assert lists() == alone


def blocks_by_process(refresh: SuggestionRefresh) -> dict[int, int]:
    lines = (line.rsplit(":", 2) for line in refresh.workers.splitlines())
    return {int(pid): int(told.split()[0]) for _, pid, told in lines}
