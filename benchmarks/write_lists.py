"""Speed of writing all suggestion lists, compared with a bare COPY, and the waits of readers during the switch.

    python benchmarks/write_lists.py                    # 270,896 users, lists of 100
    python benchmarks/write_lists.py --quick            # 20,000 users

Runs in a temporary folder with an embedded PostgreSQL, which is removed afterwards. The bound is COPY of the same
bytes, encoded beforehand, into an empty table without keys, frozen, and its commit. A refresh also encodes the lists,
builds the indexes, analyses, switches, and checks the foreign keys. Both run alternately. Meanwhile another process
reads one list after the other with its user and model, as the home page does, and reports its longest waits near the
switches and at other times.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

import harness

BLOCK_USERS = 4096
PREPARE = """
from django.db import connection
from django.utils import timezone
from movies.models import ModelVersion
with connection.cursor() as cursor:
    cursor.execute('''INSERT INTO accounts_user (id, password, is_superuser, username, first_name, last_name, email,
        is_staff, is_active, date_joined, kind, crowd_source, crowd_key)
        SELECT n, '!', false, 'crowd-' || n, '', '', '', false, false, now(), 'crowd', 'random', n
        FROM generate_series(1, %s) n''', [{n_users}])
    cursor.execute("VACUUM ANALYZE accounts_user")
ModelVersion.objects.create(id=1, algorithm="random", folder="random", state="live", snapshot_checksum="0" * 64,
    n_users={n_users}, n_movies=1, n_ratings=0, trained_until=timezone.now())
"""
# Prints the beginning and the seconds of every read that took long.
READER = """
import random, sys, time
from django.db import connection
query = '''SELECT list.movie_ids, list.scores, version.algorithm, account.username
    FROM movies_suggestionlist list JOIN movies_modelversion version ON version.id = list.model_version_id
    JOIN accounts_user account ON account.id = list.user_id WHERE list.user_id = %s'''
with connection.cursor() as cursor:
    while True:
        began = time.time()
        cursor.execute(query, [random.randint(1, {n_users})])
        cursor.fetchall()
        if time.time() - began > 0.002:
            print(began, time.time() - began, flush=True)
        time.sleep(0.0005)
"""
SLACK_SECONDS = 0.05


def main() -> None:
    options = parse()
    with harness.temporary_site() as site:
        site.python(PREPARE.format(n_users=options.users), name="users", rows=options.users)
        harness.setup_django(site.environment())
        try:
            measure(site, options)
        finally:
            from django.db import connections  # noqa: PLC0415 - Django has to be set up.

            connections.close_all()


def parse() -> argparse.Namespace:
    options: argparse.Namespace = harness.parser(
        __doc__, users=270_896, movies=45_000, top=100, repeat=5, quick="20,000 users, 3 repetitions"
    ).parse_args()
    if options.quick:
        options.users, options.repeat = 20_000, 3
    return options


def measure(site: harness.Site, options: argparse.Namespace) -> None:
    lists = Lists(options)
    body = lists.encode()
    lists.write()
    bare, ours, switches = [], [], []
    reading = [sys.executable, "-c", harness.SETUP + READER.format(n_users=options.users)]
    reader = subprocess.Popen(reading, env=site.environment(), stdout=subprocess.PIPE, text=True)
    try:
        time.sleep(2)
        for _ in range(options.repeat):
            bare.append(harness.seconds_of(lambda: bare_copy(body)))
            ours.append(harness.seconds_of(lambda: switches.append(lists.write())))
            time.sleep(0.5)
    finally:
        reader.terminate()
        waits = [tuple(map(float, line.split())) for line in reader.communicate()[0].splitlines()]
    report(options, len(body), bare, ours)
    during = [wait for began, wait in waits if any(overlap(began, wait, *switch) for switch in switches)]
    other = [wait for began, wait in waits if not any(overlap(began, wait, *switch) for switch in switches)]
    print(f"switches, begin to commit   {1e3 * max(end - begin for begin, end in switches):.0f} ms at most")
    print(f"longest wait of a reader    {1e3 * max(during, default=0):.0f} ms at a switch, of {len(switches)}")
    print(f"                            {1e3 * max(other, default=0):.0f} ms at other times, the machine being busy")


class Lists:
    """Random lists, and the two ways to write them."""

    def __init__(self, options: argparse.Namespace) -> None:
        rng = np.random.default_rng(0)
        self.user_ids = np.arange(1, options.users + 1, dtype=np.int32)
        self.movie_ids = rng.integers(1, options.movies, (options.users, options.top), dtype=np.int32)
        self.scores = 5 * rng.random((options.users, options.top), dtype=np.float32)

    def blocks(self) -> Iterator[list[Mapping[str, npt.NDArray[Any]]]]:
        stamp = int((datetime.now(UTC) - datetime(2000, 1, 1, tzinfo=UTC)).total_seconds() * 1e6)
        for first in range(0, self.user_ids.size, BLOCK_USERS):
            part = slice(first, first + BLOCK_USERS)
            n_users = self.user_ids[part].size
            yield [
                {
                    "user_id": self.user_ids[part],
                    "movie_ids": self.movie_ids[part],
                    "scores": self.scores[part],
                    "model_version_id": np.ones(n_users, dtype=np.int64),
                    "created_at": np.full(n_users, stamp, dtype=np.int64),
                }
            ]

    def encode(self) -> bytes:
        """Return all rows in the binary format of COPY."""
        from pipeline.suggestion_table import COLUMNS  # noqa: PLC0415 - the same.
        from postgres.copy import encode_arrays  # noqa: PLC0415 - Django has to be set up.

        return b"".join(encode_arrays(COLUMNS, (part for block in self.blocks() for part in block)))

    def write(self) -> tuple[float, float]:
        """Write all lists as a refresh does; return when the switch began and ended."""
        from django.db import connection, transaction  # noqa: PLC0415 - the same.

        from pipeline import suggestion_table  # noqa: PLC0415 - the same.

        began_at = datetime.now(UTC)
        with transaction.atomic(), connection.cursor() as cursor:
            next_table = suggestion_table.lists_write_beside(cursor, self.blocks(), kept=np.empty(0, dtype=np.int32))
        began = time.time()
        with transaction.atomic(), connection.cursor() as cursor:
            suggestion_table.lists_switch(cursor, next_table, began_at)
        ended = time.time()
        suggestion_table.lists_settle(began_at)
        return began, ended


def bare_copy(body: bytes) -> None:
    import io  # noqa: PLC0415

    from django.db import connection, transaction  # noqa: PLC0415 - the same.

    from pipeline.suggestion_table import COLUMNS, TABLE  # noqa: PLC0415 - the same.

    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bare")
        with transaction.atomic():
            cursor.execute(f"CREATE TABLE bare (LIKE {TABLE})")
            copying = f"COPY bare ({', '.join(COLUMNS)}) FROM STDIN WITH (FORMAT binary, FREEZE)"
            cursor.copy_expert(copying, io.BytesIO(body), 1 << 20)


def overlap(began: float, seconds: float, switch_began: float, switch_ended: float) -> bool:
    return began <= switch_ended + SLACK_SECONDS and began + seconds >= switch_began - SLACK_SECONDS


def report(options: argparse.Namespace, n_bytes: int, bare: list[float], ours: list[float]) -> None:
    bound, seconds = float(np.median(bare)), float(np.median(ours))
    ratio = float(np.median([one / other for one, other in zip(bare, ours, strict=True)]))
    peak = harness.peak_megabytes()
    print(f"{options.users:,} lists of {options.top}, {n_bytes / 1e6:,.0f} MB (medians of {options.repeat})")
    print(f"bare COPY                   {bound:.2f} s, {options.users / bound:,.0f} lists/s")
    print(
        f"written and switched        {seconds:.2f} s, {options.users / seconds:,.0f} lists/s, {ratio:.0%} of that rate"
    )
    print(f"peak memory, all lists and their bytes included: {peak:,.0f} MB")


if __name__ == "__main__":
    main()
