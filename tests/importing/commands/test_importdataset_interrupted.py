"""Imports that end half-way. A pipe in place of the ratings holds them at a known point."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TextIO
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection

from accounts.models import User
from movies.models import Movie, Rating

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_SECONDS = 60
# What its connections are called, among others that earlier tests may have left open.
IMPORT = "held-import"
HEADER = "userId,movieId,rating,timestamp\n"


def database_url() -> str:
    known = connection.settings_dict
    user, password, host = (quote(str(known[key] or ""), safe="") for key in ("USER", "PASSWORD", "HOST"))
    port = f":{known['PORT']}" if known["PORT"] else ""
    return f"postgres://{user}:{password}@{host}{port}/{quote(str(known['NAME']), safe='')}"


@contextmanager
def held_import(folder: Path, *, raters: int = 300_000) -> Iterator[tuple["subprocess.Popen[str]", TextIO]]:
    """Run the command up to the middle of the ratings, thousands of which have gone to the database already."""
    pipe = folder / "ratings.csv"
    pipe.unlink()
    os.mkfifo(pipe)
    process = subprocess.Popen(
        [sys.executable, str(settings.BASE_DIR / "src" / "manage.py"), "importdataset", str(folder)],
        env={
            **os.environ,
            "DATABASE_URL": database_url(),
            "PYTHONPATH": str(settings.BASE_DIR / "src"),
            "PGAPPNAME": IMPORT,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  # Shells may have us ignore it.
    )
    try:
        with pipe.open("w") as handle:
            handle.write(HEADER)
            handle.writelines(f"{user},1,4.0,964982703\n" for user in range(raters))
            handle.flush()
            yield process, handle
    finally:
        process.kill()
        process.communicate()


CONNECTIONS = f"WHERE datname = current_database() AND application_name = '{IMPORT}'"


def connections_end() -> int:
    """End the import's connections and return how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity {CONNECTIONS}")  # noqa: S608  # A constant.
        count: int = cursor.fetchone()[0]
    return count


def wait_until_the_import_has_left() -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    with connection.cursor() as cursor:
        while True:
            cursor.execute(f"SELECT count(*) FROM pg_stat_activity {CONNECTIONS}")  # noqa: S608  # A constant.
            if not cursor.fetchone()[0]:
                return
            assert time.monotonic() < end, "the import's connection is still open"
            time.sleep(0.05)


def nothing_is_there() -> bool:
    wait_until_the_import_has_left()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'import\\_%%'")
        leftovers = cursor.fetchone()[0]
    return not (leftovers or Movie.objects.exists() or Rating.objects.exists() or User.objects.exists())


def test_interrupted_from_the_keyboard(movielens: Path) -> None:
    with held_import(movielens) as (process, _handle):
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 130
    assert output == ""
    assert errors.strip().endswith("CommandError: Interrupted. Nothing was imported.")
    assert "Traceback" not in errors
    assert nothing_is_there()


def test_killed(movielens: Path) -> None:
    with held_import(movielens) as (process, _handle):
        process.kill()
        process.wait(timeout=PATIENCE_SECONDS)

    assert nothing_is_there()


def test_connection_lost(movielens: Path) -> None:
    with held_import(movielens) as (process, handle):
        assert connections_end() == 1
        handle.close()
        _output, errors = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 1
    assert "CommandError: The database could not go on" in errors
    assert "Traceback" not in errors
    assert nothing_is_there()


def test_uninterrupted_import_goes_through(movielens: Path) -> None:
    with held_import(movielens, raters=100) as (process, handle):
        handle.close()
        output, errors = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 0, errors
    assert "100 imported" in output
