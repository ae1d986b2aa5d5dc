"""The files of an embedded server. All paths follow from ``VAR_DIR`` alone, so all processes agree on them."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

POSTGRES_PORT = 5432

# The kernel's limit on a socket's path is 107 bytes on Linux and 103 on macOS.
LONGEST_SOCKET_PATH = 103
# Socket paths are part of URLs and of database settings, where a comma separates hosts.
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")


class _File:
    """An attribute of a layout: the path of a file in its folder."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, layout: "Layout", _owner: type["Layout"]) -> Path:
        return layout.directory / self.name


@dataclass(frozen=True)
class Layout:
    """The folder of one server and its files.

    There are four lock files. Processes lock them with ``flock``, so the kernel releases them however a process ends:

    - ``lease``: shared by every process that uses the server, and by its forked children;
    - ``starting``: held by the one process that is starting the server;
    - ``supervisor``: held by the supervisor of the server from its start to its end;
    - ``ready``: held by the supervisor while the server accepts connections.
    """

    kind: str
    title: str
    directory: Path
    socket_name: str

    lease = _File("lease.lock")
    starting = _File("starting.lock")
    # The file contains the process id of the supervisor.
    supervisor = _File("supervisor.lock")
    ready = _File("ready.lock")
    data = _File("data")
    # The log of the supervisor and the server.
    log = _File("server.log")

    @property
    def socket_directory(self) -> Path:
        """The folder of the socket: next to the data if the path is short and plain, else a hashed name in /tmp."""
        beside = self.directory / "socket"
        path = str(beside / self.socket_name)
        if len(path.encode()) <= LONGEST_SOCKET_PATH and PLAIN_PATH.fullmatch(path):
            return beside
        digest = hashlib.sha256(str(self.directory).encode(errors="surrogateescape")).hexdigest()[:16]
        # Not TMPDIR, which may differ between processes. Owner and mode of the folder are checked before use.
        return Path(f"/tmp/matinee-{digest}")  # noqa: S108

    @property
    def socket(self) -> Path:
        """The socket that the server listens on."""
        return self.socket_directory / self.socket_name


def postgres_layout(var_dir: Path) -> Layout:
    """Return the layout of the PostgreSQL under ``var_dir``."""
    return Layout("postgres", "PostgreSQL", var_dir.resolve() / "postgres", f".s.PGSQL.{POSTGRES_PORT}")


def redis_layout(var_dir: Path) -> Layout:
    """Return the layout of the Redis under ``var_dir``."""
    return Layout("redis", "Redis", var_dir.resolve() / "redis", "redis.sock")


LAYOUTS = {"postgres": postgres_layout, "redis": redis_layout}
