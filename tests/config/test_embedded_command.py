"""``python -m config.embedded``, and the files by which processes of different versions find the same server."""

import os
import subprocess
import sys
from pathlib import Path

from embedded.layout import postgres_layout, redis_layout

SOURCE = Path(__file__).resolve().parents[2] / "src"


def run(*arguments: str, var_dir: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), "VAR_DIR": str(var_dir)}
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, check=False, env=environment, capture_output=True, text=True, cwd=var_dir.parent)


def test_command_looks_under_the_var_dir_of_the_settings(tmp_path: Path) -> None:
    done = run("config.embedded", "status", var_dir=tmp_path)

    assert done.stdout.splitlines() == [
        f"PostgreSQL: not running ({tmp_path}/postgres)",
        f"Redis: not running ({tmp_path}/redis)",
    ]


def test_command_can_be_given_another_folder(tmp_path: Path) -> None:
    done = run("config.embedded", "stop", "--var-dir", str(tmp_path / "other"), var_dir=tmp_path / "var")

    assert done.stdout.splitlines() == ["PostgreSQL: not running", "Redis: not running"]
    assert not (tmp_path / "var").exists()


def test_servers_without_settings_must_be_given_a_folder(tmp_path: Path) -> None:
    done = run("embedded", "status", var_dir=tmp_path)

    assert done.returncode == 2
    assert "the following arguments are required: --var-dir" in done.stderr


def test_lock_files_and_sockets_stay_where_earlier_versions_look_for_them() -> None:
    folder = Path("/srv/matinee/var")
    postgres, redis = postgres_layout(folder), redis_layout(folder)

    assert [postgres.lease, postgres.starting, postgres.supervisor, postgres.ready] == [
        folder / "postgres" / name for name in ("lease.lock", "starting.lock", "supervisor.lock", "ready.lock")
    ]
    assert (postgres.data, postgres.socket) == (folder / "postgres/data", folder / "postgres/socket/.s.PGSQL.5432")
    assert (redis.lease, redis.socket) == (folder / "redis/lease.lock", folder / "redis/socket/redis.sock")
