"""Django and Celery on the embedded servers: nothing starts before it is needed, and a lost server comes back."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from tests.embedded.processes import SOURCE, environment

from config.servers import broker_url, cache_settings
from embedded.layout import postgres_layout, redis_layout

pytestmark = pytest.mark.system

# What the programs below share: they kill a server as the kernel would when memory runs out.
PREAMBLE = """
import os
from django.conf import settings
from embedded import redis_address
from embedded.layout import postgres_layout

def kill_postgres():
    first, *_ = (postgres_layout(settings.VAR_DIR).data / "postmaster.pid").read_text().splitlines()
    os.kill(int(first), 9)

def kill_redis():
    import redis
    with redis.Redis.from_url(redis_address(settings.VAR_DIR).url(database=1)) as connection:
        os.kill(connection.info("server")["process_id"], 9)
"""


def manage(var_dir: Path, *arguments: str, typed: str = "") -> str:
    """Run ``manage.py`` in a process of its own and return what it printed."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        check=False,
        cwd=SOURCE,
        env=environment(VAR_DIR=str(var_dir), PYTHONWARNINGS="error"),
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def shell(var_dir: Path, program: str) -> str:
    return manage(var_dir, "shell", "--no-imports", "-c", PREAMBLE + program)


def finish(var_dir: Path) -> None:
    """Stop what a test has started."""
    command = [sys.executable, "-m", "embedded", "stop", "--var-dir", str(var_dir)]
    subprocess.run(command, check=True, cwd=SOURCE, env=environment(), capture_output=True)


@pytest.mark.parametrize("arguments", [["help"], ["check"], ["shell", "--no-imports", "-c", "print(1)"]])
def test_a_command_without_need_of_servers_starts_none(var_dir: Path, arguments: list[str]) -> None:
    manage(var_dir, *arguments)
    assert not postgres_layout(var_dir).directory.exists()
    assert not redis_layout(var_dir).directory.exists()


def test_the_first_query_starts_postgres_alone(prepared: Path) -> None:
    program = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT current_database(), current_user")
    print(*cursor.fetchone())
"""
    assert shell(prepared, program) == "matinee matinee\n"
    assert not redis_layout(prepared).directory.exists()
    finish(prepared)


def test_a_process_that_loses_postgres_gets_it_back_with_its_next_connection(prepared: Path) -> None:
    program = """
from django.db import connection
def answer(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone() if cursor.description else None
answer("CREATE TABLE kept AS SELECT 42 AS answer")
connection.close()
kill_postgres()
print(*answer("SELECT answer FROM kept"))
"""
    assert shell(prepared, program) == "42\n"
    finish(prepared)


def test_a_test_database_is_made_and_removed_on_the_embedded_server(prepared: Path) -> None:
    program = """
from django.db import connection
connection.creation._create_test_db(verbosity=0, autoclobber=True)
with connection._nodb_cursor() as cursor:
    cursor.execute("SELECT count(*) FROM pg_database WHERE datname = 'test_matinee'")
    print(*cursor.fetchone())
connection.creation._destroy_test_db("test_matinee", verbosity=0)
"""
    assert shell(prepared, program) == "1\n"
    finish(prepared)


def test_the_shell_of_the_database_is_the_one_that_comes_with_the_server(prepared: Path) -> None:
    printed = manage(prepared, "dbshell", "--", "-tA", typed="SELECT 6 * 7;")
    assert printed == "42\n"
    finish(prepared)


def test_the_first_use_of_the_cache_starts_redis_and_a_killed_one_comes_back(var_dir: Path) -> None:
    program = """
from django.core.cache import cache
cache.set("film", {"title": "Amélie"}, timeout=None)
print(cache.get("film")["title"])
kill_redis()
cache.set("film", {"title": "Delicatessen"}, timeout=None)
print(cache.get("film")["title"])
"""
    assert shell(var_dir, program) == "Amélie\nDelicatessen\n"
    assert not postgres_layout(var_dir).directory.exists()
    finish(var_dir)


def test_the_first_task_starts_redis_and_publishing_resumes_after_a_kill(var_dir: Path) -> None:
    program = """
from config.celery import app
def waiting():
    with app.connection_for_read() as connection:
        return connection.default_channel.queue_declare("celery", passive=True).message_count
app.send_task("any.task")
print(waiting())
kill_redis()
app.send_task("any.task")
print(waiting())
"""
    assert shell(var_dir, program) == "1\n1\n"
    finish(var_dir)


def test_clearing_the_cache_leaves_the_queue_alone(var_dir: Path) -> None:
    program = """
from django.core.cache import cache
from config.celery import app
app.send_task("any.task")
cache.clear()
with app.connection_for_read() as connection:
    print(connection.default_channel.queue_declare("celery", passive=True).message_count)
"""
    assert shell(var_dir, program) == "1\n"
    finish(var_dir)


def test_a_database_that_cannot_run_is_for_django_one_that_cannot_be_reached(var_dir: Path) -> None:
    data = postgres_layout(var_dir).data
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("15")
    program = """
from django.db import OperationalError, connection
try:
    connection.ensure_connection()
except OperationalError as error:
    print(error)
"""
    assert "was made by PostgreSQL 15, and this is PostgreSQL 18" in shell(var_dir, program)


def test_a_command_whose_database_cannot_run_says_why_in_one_line(var_dir: Path) -> None:
    var_dir.mkdir()
    (var_dir / "postgres").write_text("not a folder")
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        check=False,
        cwd=SOURCE,
        env=environment(VAR_DIR=str(var_dir)),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"error: PostgreSQL cannot use {var_dir}/postgres")


def test_a_given_redis_holds_the_queue_and_beside_it_the_cache(var_dir: Path) -> None:
    url = "redis://:secret@queue.example:6379/3"
    assert broker_url(url, var_dir=var_dir) == url
    assert cache_settings(url, var_dir=var_dir)["LOCATION"] == "redis://:secret@queue.example:6379/4"


@pytest.mark.parametrize("url", ["http://queue.example", "redis://queue.example/first", "queue.example:6379"])
def test_an_address_that_is_none_of_a_redis_is_refused(var_dir: Path, url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL must look like redis://host:6379/0"):
        broker_url(url, var_dir=var_dir)
