"""What a process needs that a test starts: the test's own database and folders."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

from django.db import connection

PROJECT_ROOT = Path(__file__).resolve().parents[1]


def process_environment(folder: Path) -> dict[str, str]:
    """Return this process's environment, but with the test's database, and everything written under ``folder``.

    Where ``REDIS_URL`` names no server, the process has an embedded one of its own there. Where it does, tests that run
    at the same time have a queue each: a worker of one would take the tasks of another, and of its database.
    """
    inherited = {name: value for name, value in os.environ.items() if name not in {"EXPORTS_DIR", "MODELS_DIR"}}
    if given := queue_url():
        inherited["REDIS_URL"] = given
    return {
        **inherited,
        "DATABASE_URL": _database_url(),
        "VAR_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": str(PROJECT_ROOT / "src"),
    }


@contextmanager
def program(folder: Path, name: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Python for the length of a ``with`` block; what it says goes to ``name``.log in the folder."""
    with (
        (folder / f"{name}.log").open("wb") as log,
        subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=process_environment(folder),
            cwd=PROJECT_ROOT,
        ) as started,
    ):
        try:
            yield started
        finally:
            started.terminate()
            try:
                started.wait(timeout=30)
            except subprocess.TimeoutExpired:
                started.kill()


def queue_url() -> str | None:
    """Return the address of the queue for the tests of this process, whose cache is the database after it.

    ``None`` where ``REDIS_URL`` names no server.
    """
    if not (given := os.environ.get("REDIS_URL")):
        return None
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return urlsplit(given)._replace(path=f"/{2 + 2 * number}").geturl()


def _database_url() -> str:
    given = {name: quote(str(connection.settings_dict[name]), safe="") for name in ("USER", "PASSWORD", "HOST", "NAME")}
    port = f":{connection.settings_dict['PORT']}" if connection.settings_dict["PORT"] else ""
    return f"postgres://{given['USER']}:{given['PASSWORD']}@{given['HOST']}{port}/{given['NAME']}"
