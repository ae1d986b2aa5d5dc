"""A refresh of suggestions that two hosts share, also if one of them is killed or loses its network.

    python benchmarks/shared_refresh.py            # 60,000 users, 9,000 films, 100 factors, 250 suggestions each
    python benchmarks/shared_refresh.py --quick    # a third of the users, and no cable is pulled

Each host is a network namespace with one core, and reaches PostgreSQL and Redis in a third one over TCP. The hosts also
share the folder of models. Only root on Linux can create namespaces; without them nothing is measured.

The bound is one process that refreshes alone, on one core: two hosts can be twice as fast. Then come three failures:
the worker is killed at its block, the leader is killed, and the worker loses its network. After each, the script
compares the lists with those of the one process and counts the users. It removes everything afterwards.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg2

import harness
from embedded.layout import postgres_layout
from embedded.postgres import PostgresServer
from embedded.redis import redis_program
from namespaces import ADDRESSES, IP, ONE, SERVERS, TWO, ip, network

RATINGS_PER_USER = 100
SECONDS_AT_MOST = 300
POSTGRES = """
import os, sys
from pathlib import Path
from embedded.account import child_setup
from embedded.layout import postgres_layout
from embedded.postgres import PostgresServer
server = PostgresServer(postgres_layout(Path(sys.argv[1])))
command = [*server.command(), "-c", "listen_addresses=*"]
child_setup(server.account)()
os.execv(command[0], command)
"""
REDIS = """
import os, sys
os.execv(sys.argv[1], [sys.argv[1], "--port", "6379", "--bind", "0.0.0.0", "--protected-mode", "no", "--save", ""])
"""
ALONE = """
import resource, time, django; django.setup()
from pipeline.services.suggesting import suggestion_lists_refresh
began = time.perf_counter()
suggestion_lists_refresh(reuse_days=0)
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10)
"""
LEADER = """
import resource, time, django; django.setup()
from pipeline.services.distributed_refresh import shared_refresh, shared_refresh_complete
from pipeline.tasks import helpers_invite
began = time.perf_counter()
with shared_refresh(reuse_days=0) as refresh:
    helpers_invite(refresh)
    shared_refresh_complete(refresh)
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10)
"""
WORKER = ("-m", "celery", "-A", "config", "worker", "--pool=solo", "--loglevel=INFO")
# Equal numbers for equal lists in any order.
LISTS = """
SELECT count(*), count(DISTINCT user_id), sum(hash_array_extended(movie_ids, user_id)::numeric),
  sum(hash_array_extended(scores, user_id)::numeric) FROM movies_suggestionlist
"""
SIZES = """
SELECT pg_total_relation_size('movies_rating')::float / (SELECT count(*) FROM movies_rating),
  pg_total_relation_size('movies_suggestionlist')::float / (SELECT count(*) FROM movies_suggestionlist)
"""
REMOVE = "TRUNCATE movies_suggestionlist"
BLOCKS_DONE = "SELECT worker, count(*) FROM pipeline_suggestionblock WHERE finished_at IS NOT NULL GROUP BY worker"
LAST_REFRESH = "SELECT state, n_blocks, workers FROM pipeline_suggestionrefresh ORDER BY id DESC LIMIT 1"


def main() -> None:
    options = parse()
    if os.geteuid() != 0 or IP is None:
        print("Nothing is measured: namespaces need root and the program `ip` of Linux.")
        return
    with network(), site() as place:
        world_make(place, options)
        print(f"{options.users:,} users, {options.movies:,} films, {options.factors} factors; one core per host")
        bound = alone(place, options.users)
        print(
            "a rating takes {:.0f} bytes of the database, a list {:.0f}, indexes included".format(
                *place.query(SIZES)[0]
            )
        )
        measure_shared(place, "shared, one host", options.users, bound)
        with worker(place):
            measure_shared(place, "shared, two hosts, at first", options.users, bound)
            measure_shared(place, "shared, two hosts", options.users, bound)
        accident(place, "worker killed", lambda _, helper: helper.kill())
        accident(place, "leader killed", lambda leader, _: leader.kill())
        if not options.quick:
            accident(place, "worker cut off", lambda *_: ip("-n", TWO, "link", "set", "host", "down"))


def parse() -> argparse.Namespace:
    options: argparse.Namespace = harness.parser(
        __doc__, users=60_000, movies=9_000, factors=100, quick="a third of the users; no network is cut off"
    ).parse_args()
    if options.quick:
        options.users //= 3
    return options


# --- Where it is measured ---------------------------------------------------------------------------------------------
@dataclass
class Place:
    """The folder, the cores of the hosts, and the lists of the one process."""

    folder: Path
    expected: Any = None

    def start(self, host: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a Python process of the project on a host."""
        cores = sorted(os.sched_getaffinity(0))
        mine = {ONE: cores[:1], TWO: cores[1:2] or cores}.get(host, cores[2:] or cores)
        with (self.folder / f"{host}.log").open("a") as log:
            # The process inherits which cores it may use.
            os.sched_setaffinity(0, mine)
            try:
                return subprocess.Popen(
                    [str(IP), "netns", "exec", host, sys.executable, *arguments],
                    env=self._environment(host),
                    stdout=subprocess.PIPE if arguments[0] == "-c" and host == ONE else log,
                    stderr=log,
                    text=True,
                )
            finally:
                os.sched_setaffinity(0, cores)

    def _environment(self, host: str) -> dict[str, str]:
        server, _ = ADDRESSES.get(host, ("127.0.0.1", ""))
        return {
            **os.environ,
            "PYTHONPATH": str(harness.SOURCES),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "VAR_DIR": str(self.folder / host),
            "MODELS_DIR": str(self.folder / "models"),
            "DATABASE_URL": f"postgres://matinee@{server}:5432/matinee",
            "REDIS_URL": f"redis://{server}:6379/0",
        }

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Query the database through its socket, which all namespaces reach."""
        host = str(postgres_layout(self.folder).socket_directory)
        with psycopg2.connect(host=host, user="matinee", dbname="matinee") as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def database_seconds(self) -> float:
        """Return the seconds of a core that PostgreSQL has used so far."""
        server = psutil.Process(postgres_pid(postgres_layout(self.folder).data))
        ended = server.cpu_times()
        living = [process.cpu_times() for process in (server, *server.children())]
        seconds = sum(times.user + times.system for times in living)
        return float(seconds + ended.children_user + ended.children_system)

    def outcome(self) -> str:
        """Return the blocks that each process did, after a check of the lists."""
        state, n_blocks, workers = self.query(LAST_REFRESH)[0]
        found = self.query(LISTS)[0]
        done = [int(line.rsplit(":", 1)[1].split()[0]) for line in workers.splitlines()]
        if state != "succeeded" or found != self.expected or sum(done) != n_blocks:
            raise SystemExit(f"The refresh {state}; lists {found} instead of {self.expected}; blocks {workers}")
        return f"blocks {' + '.join(map(str, done))}, lists as alone"


# --- What is measured -------------------------------------------------------------------------------------------------
def alone(place: Place, n_users: int) -> float:
    before = place.database_seconds()
    seconds, memory = measure_process(place.start(ONE, "-c", ALONE))
    database = place.database_seconds() - before
    place.expected = place.query(LISTS)[0]
    print(f"{'one process alone':28} {seconds:6.2f} s {n_users / seconds:9,.0f} users/s, {memory:.0f} MiB")
    print(f"{'  of the database':28} {database:6.2f} s of a core")
    return seconds


def measure_shared(place: Place, name: str, n_users: int, bound: float) -> None:
    place.query(REMOVE)
    seconds, memory = measure_process(place.start(ONE, "-c", LEADER))
    figures = f"{seconds:6.2f} s {n_users / seconds:9,.0f} users/s, {memory:.0f} MiB, {bound / seconds:.2f} times alone"
    print(f"{name:28} {figures}; {place.outcome()}")


def accident(place: Place, name: str, strike: Callable[[subprocess.Popen[str], subprocess.Popen[str]], object]) -> None:
    place.query(REMOVE)
    with worker(place) as helper:
        leader = place.start(ONE, "-c", LEADER)
        wait(lambda: len(place.query(BLOCKS_DONE)) == 2)
        strike(leader, helper)
        began = time.perf_counter()
        n_done = sum(count for _, count in place.query(BLOCKS_DONE))
        wait(lambda: place.query(LAST_REFRESH)[0][0] != "running")
        seconds = time.perf_counter() - began
        leader.wait()
    print(f"{name:28} after {n_done} blocks; the others took {seconds:.1f} s from then on; {place.outcome()}")


def measure_process(process: subprocess.Popen[str]) -> tuple[float, int]:
    said, _ = process.communicate(timeout=SECONDS_AT_MOST)
    if process.returncode:
        raise SystemExit(f"It failed: {said}")
    seconds, memory = said.split()[-2:]
    return float(seconds), int(memory)


def wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS_AT_MOST
    while not until():
        if time.monotonic() > deadline:
            raise SystemExit(f"It did not happen within {SECONDS_AT_MOST} s.")
        time.sleep(0.02)


# --- Two hosts and their servers --------------------------------------------------------------------------------------
def world_make(place: Place, options: argparse.Namespace) -> None:
    sizes = (options.users, options.movies, options.factors, RATINGS_PER_USER)
    manage = str(harness.SOURCES / "manage.py")
    for arguments in (
        [manage, "migrate", "--verbosity=0"],
        ["-c", harness.SETUP + harness.RANDOM_WORLD.format(sizes=sizes)],
    ):
        if place.start(ONE, *arguments).wait():
            raise SystemExit((place.folder / f"{ONE}.log").read_text())


@contextmanager
def worker(place: Place) -> Iterator[subprocess.Popen[str]]:
    """Run a Celery worker on the second host for the length of a ``with`` block."""
    log = place.folder / f"{TWO}.log"
    log.write_text("")
    process = place.start(TWO, *WORKER)
    try:
        wait(lambda: " ready." in log.read_text())
        yield process
    finally:
        process.kill()
        process.wait()
        ip("-n", TWO, "link", "set", "host", "up")


@contextmanager
def site() -> Iterator[Place]:
    """Run PostgreSQL and Redis in the servers' namespace for the length of a ``with`` block."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="matinee-shared-"))
        stack.callback(shutil.rmtree, folder)
        folder.chmod(0o711)
        place = Place(folder)
        layout = postgres_layout(folder)
        layout.directory.mkdir()
        server = PostgresServer(layout)
        if server.account is not None:
            os.chown(layout.directory, server.account.uid, server.account.gid)
        server.prepare()
        with (layout.data / "pg_hba.conf").open("a") as access:
            access.write("host all all 10.77.0.0/16 trust\n")
        for command in (["-c", POSTGRES, str(folder)], ["-c", REDIS, redis_program()]):
            started = place.start(SERVERS, *map(str, command))
            stack.callback(started.wait)
            stack.callback(started.send_signal, signal.SIGINT)
        wait(lambda: layout.socket.exists() and server.is_ready(postgres_pid(layout.data)))
        yield place


def postgres_pid(data: Path) -> int:
    return int((data / "postmaster.pid").read_text().splitlines()[0])


if __name__ == "__main__":
    main()
