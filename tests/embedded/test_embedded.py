"""The embedded servers, really started, shared, killed and stopped."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest
import redis
from tests.embedded.processes import (
    SOURCE,
    User,
    environment,
    kill,
    server_processes,
    supervisor_pid,
    wait_until,
    wait_until_stopped,
)

from embedded import postgres_address, redis_address
from embedded.layout import postgres_layout, redis_layout
from embedded.locks import lock_is_held

pytestmark = pytest.mark.system

Users = Callable[..., User]

# The file of Redis 6.2.14 after: lpush celery "a task", set cached value, save.
SAVED_BY_REDIS_6 = (
    b"REDIS0009\xfa\tredis-ver\x066.2.14\xfa\nredis-bits\xc0@\xfa\x05ctime\xc2=\xa3\x07k\xfa\x08used-mem\xc2(P\x0e\x00"
    b"\xfa\x0caof-preamble\xc0\x00\xfe\x00\xfb\x02\x00\x0e\x06celery\x01\x13\x13\x00\x00\x00\n\x00\x00\x00\x01\x00\x00\x06"
    b"a task\xff\x00\x06cached\x05value\xffL\xd66\xc1\x1d\xee%j"
)


@contextmanager
def cursor(var_dir: Path) -> Iterator[Any]:
    address = postgres_address(var_dir)
    connection = psycopg2.connect(host=address.host, port=address.port, user=address.user, dbname=address.name)
    with closing(connection), connection, connection.cursor() as opened:
        yield opened


def query(var_dir: Path, statement: str) -> Any:
    with cursor(var_dir) as opened:
        opened.execute(statement)
        return opened.fetchone()[0] if opened.description else None


def remember(var_dir: Path) -> None:
    query(var_dir, "CREATE TABLE kept AS SELECT 42 AS answer")


def recall(var_dir: Path) -> Any:
    return query(var_dir, "SELECT answer FROM kept")


def postmaster_pid(var_dir: Path) -> int:
    return int((postgres_layout(var_dir).data / "postmaster.pid").read_text().splitlines()[0])


def test_ten_processes_that_start_together_the_first_time_share_one_postgres(users: Users, var_dir: Path) -> None:
    crowd = [users() for _ in range(10)]
    for user in crowd:
        user.tell("ensure_postgres(var_dir)")
    assert [user.answer() for user in crowd] == ["done"] * 10
    assert server_processes(postgres_layout(var_dir)) == [postmaster_pid(var_dir)]


def test_five_processes_that_start_together_the_first_time_share_one_redis(users: Users, var_dir: Path) -> None:
    crowd = [users() for _ in range(5)]
    for user in crowd:
        user.tell("ensure_redis(var_dir)")
    assert [user.answer() for user in crowd] == ["done"] * 5
    assert len(server_processes(redis_layout(var_dir))) == 1


def test_supervisor_of_a_database_that_it_has_made_sleeps_while_nothing_happens(users: Users, var_dir: Path) -> None:
    user = users()
    user.tell("ensure_postgres(var_dir)")
    assert user.answer() == "done"
    supervisor = psutil.Process(supervisor_pid(postgres_layout(var_dir)))

    before = supervisor.cpu_times()
    time.sleep(1.5)
    after = supervisor.cpu_times()

    assert after.user + after.system - before.user - before.system < 0.5


def test_the_database_is_utf8_sorts_by_code_point_and_belongs_to_an_ordinary_role(users: Users, prepared: Path) -> None:
    assert users().ask("ensure_postgres(var_dir)") == "done"
    assert query(prepared, "SHOW server_encoding") == "UTF8"
    assert query(prepared, "SELECT upper('é') || ('Z' < 'a')::text") == "Étrue"
    assert query(prepared, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
    assert query(prepared, "SHOW listen_addresses") == ""
    assert query(prepared, "SHOW fsync") == "on"


def test_postgres_stops_when_its_last_user_leaves_and_keeps_its_data(users: Users, prepared: Path) -> None:
    first, second = users(), users()
    assert first.ask("ensure_postgres(var_dir)") == second.ask("ensure_postgres(var_dir)") == "done"
    remember(prepared)
    first.leave()
    assert recall(prepared) == 42
    second.leave()
    wait_until_stopped(postgres_layout(prepared))
    assert server_processes(postgres_layout(prepared)) == []
    assert not postgres_layout(prepared).socket.exists()
    assert users().ask("ensure_postgres(var_dir)") == "done"
    assert recall(prepared) == 42


def test_postgres_stops_when_its_last_user_is_killed(users: Users, prepared: Path) -> None:
    user = users()
    assert user.ask("ensure_postgres(var_dir)") == "done"
    user.kill()
    wait_until_stopped(postgres_layout(prepared))
    assert server_processes(postgres_layout(prepared)) == []


def test_a_forked_child_keeps_the_server_that_its_parent_started(users: Users, prepared: Path) -> None:
    user = users()
    assert user.ask("ensure_postgres(var_dir)") == "done"
    orphan = "import time; child = os.fork(); [] if child else (time.sleep(1.5), os._exit(0))"
    user.tell(orphan)
    user.answer()
    user.process.kill()
    user.process.wait()
    with cursor(prepared) as opened:
        opened.execute("SELECT pg_sleep(0.8)")
    assert lock_is_held(postgres_layout(prepared).ready)
    wait_until_stopped(postgres_layout(prepared))


def test_a_killed_postgres_comes_back_with_its_data_for_a_process_that_used_it(users: Users, prepared: Path) -> None:
    user = users()
    assert user.ask("ensure_postgres(var_dir)") == "done"
    remember(prepared)
    killed = postmaster_pid(prepared)
    kill(killed)
    wait_until(lambda: not lock_is_held(postgres_layout(prepared).ready), "the supervisor notices")
    assert user.ask("ensure_postgres(var_dir)") == "done"
    assert recall(prepared) == 42
    assert postmaster_pid(prepared) != killed


def test_postgres_recovers_from_a_killed_supervisor(users: Users, prepared: Path) -> None:
    user = users()
    assert user.ask("ensure_postgres(var_dir)") == "done"
    remember(prepared)
    kill(supervisor_pid(postgres_layout(prepared)))
    wait_until(lambda: not lock_is_held(postgres_layout(prepared).ready), "the supervisor is dead")
    assert user.ask("ensure_postgres(var_dir)") == "done"
    assert recall(prepared) == 42
    assert server_processes(postgres_layout(prepared)) == [postmaster_pid(prepared)]


def test_postgres_recovers_when_everything_is_killed_at_once(users: Users, prepared: Path) -> None:
    user = users()
    assert user.ask("ensure_postgres(var_dir)") == "done"
    remember(prepared)
    kill(postmaster_pid(prepared))
    kill(supervisor_pid(postgres_layout(prepared)))
    user.kill()
    assert (postgres_layout(prepared).data / "postmaster.pid").exists()
    assert users().ask("ensure_postgres(var_dir)") == "done"
    assert recall(prepared) == 42


def test_a_process_file_of_a_crash_that_names_a_living_process_does_not_stop_postgres(
    users: Users, prepared: Path
) -> None:
    stranger = users()
    text = f"{stranger.process.pid}\n{postgres_layout(prepared).data}\n1\n5432\n\n\n1 1\nready\n"
    (postgres_layout(prepared).data / "postmaster.pid").write_text(text)
    assert users().ask("ensure_postgres(var_dir)") == "done"
    assert query(prepared, "SELECT 1") == 1


def test_remains_of_an_interrupted_first_start_are_replaced(users: Users, var_dir: Path) -> None:
    torn = postgres_layout(var_dir).directory / "data.new"
    torn.mkdir(parents=True)
    (torn / "PG_VERSION").write_text("18\n")
    assert users().ask("ensure_postgres(var_dir)") == "done"
    assert query(var_dir, "SELECT current_database()") == "matinee"
    assert not torn.exists()


@pytest.mark.parametrize("victim", ["server", "supervisor"])
def test_redis_recovers_from_a_kill(users: Users, var_dir: Path, victim: str) -> None:
    layout = redis_layout(var_dir)
    user = users()
    assert user.ask("ensure_redis(var_dir)") == "done"
    (server,) = server_processes(layout)
    kill(server if victim == "server" else supervisor_pid(layout))
    wait_until(lambda: not lock_is_held(layout.ready), "the supervisor ends")
    assert user.ask("ensure_redis(var_dir)") == "done"
    with redis.Redis.from_url(redis_address(var_dir).url(database=1)) as client:
        assert client.ping()
    assert len(server_processes(layout)) == 1


def test_redis_keeps_its_queue_from_the_last_user_to_the_next(users: Users, var_dir: Path) -> None:
    user = users()
    assert user.ask("ensure_redis(var_dir)") == "done"
    with redis.Redis.from_url(redis_address(var_dir).url(database=1)) as client:
        client.rpush("queue", "task")
    user.leave()
    wait_until_stopped(redis_layout(var_dir))
    assert server_processes(redis_layout(var_dir)) == []
    assert users().ask("ensure_redis(var_dir)") == "done"
    with redis.Redis.from_url(redis_address(var_dir).url(database=1)) as client:
        assert client.lrange("queue", 0, -1) == [b"task"]


def test_a_queue_that_redis_6_saved_is_kept(users: Users, var_dir: Path) -> None:
    """Folders that Matinee made with the Redis that it ran earlier hold such a file."""
    data = redis_layout(var_dir).data
    data.mkdir(parents=True, mode=0o700)
    (data / "dump.rdb").write_bytes(SAVED_BY_REDIS_6)
    assert users().ask("ensure_redis(var_dir)") == "done"
    with closing(redis.Redis(unix_socket_path=str(redis_layout(var_dir).socket))) as client:
        assert client.lrange("celery", 0, -1) == [b"a task"]
        assert client.get("cached") == b"value"


def test_both_servers_run_in_a_long_folder_with_unusual_characters(users: Users, tmp_path: Path) -> None:
    folder = tmp_path / ("long " * 20) / "it's, ünusual? 100%" / "var"
    folder.mkdir(parents=True)
    user = users(folder)
    try:
        assert user.ask("ensure_postgres(var_dir)") == "done"
        assert user.ask("ensure_redis(var_dir)") == "done"
        assert query(folder, "SELECT 1") == 1
        with redis.Redis.from_url(redis_address(folder).url(database=1)) as client:
            assert client.ping()
    finally:
        user.leave()
        wait_until_stopped(postgres_layout(folder))
        wait_until_stopped(redis_layout(folder))
    assert not postgres_layout(folder).socket_directory.exists()
    assert not redis_layout(folder).socket_directory.exists()


def test_the_servers_keep_none_of_their_starters_streams_open(prepared: Path) -> None:
    statement = "import sys; from pathlib import Path; from embedded import ensure_postgres as e; e(Path(sys.argv[1]))"
    command = [sys.executable, "-c", statement, str(prepared)]
    # Waits until both streams are closed, by everybody who has them.
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=30, check=True)
    assert (done.stdout, done.stderr) == ("", "")
    assert lock_is_held(postgres_layout(prepared).ready)
    stop(prepared)


def stop(var_dir: Path) -> str:
    command = [sys.executable, "-m", "embedded", "stop", "--var-dir", str(var_dir)]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, check=True, cwd=SOURCE).stdout


def test_a_server_in_use_can_be_stopped_and_its_users_restart_it(users: Users, prepared: Path) -> None:
    user = users()
    assert user.ask("ensure_postgres(var_dir)") == "done"
    assert stop(prepared) == "PostgreSQL: stopped\nRedis: not running\n"
    assert server_processes(postgres_layout(prepared)) == []
    assert user.ask("ensure_postgres(var_dir)") == "done"
    assert query(prepared, "SELECT 1") == 1


def test_a_removed_folder_ends_its_server_and_a_new_one_takes_its_place(users: Users, prepared: Path) -> None:
    user = users()
    assert user.ask("ensure_postgres(var_dir)") == "done"
    old = postmaster_pid(prepared)
    prepared.rename(prepared.with_name("moved"))
    assert user.ask("ensure_postgres(var_dir)") == "done"
    assert query(prepared, "SELECT 1") == 1
    wait_until(lambda: old not in server_processes(postgres_layout(prepared)), "the old server ends")
