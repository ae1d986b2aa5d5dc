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

    @property
    def lease(self) -> Path:
        """The lock that processes share while they use the server."""
        return self.directory / "lease.lock"

    @property
    def starting(self) -> Path:
        """The lock of the process that starts the server."""
        return self.directory / "starting.lock"

    @property
    def supervisor(self) -> Path:
        """The lock of the supervisor. The file contains its process id."""
        return self.directory / "supervisor.lock"

    @property
    def ready(self) -> Path:
        """The lock that is held while the server accepts connections."""
        return self.directory / "ready.lock"

    @property
    def data(self) -> Path:
        """The data folder of the server."""
        return self.directory / "data"

    @property
    def log(self) -> Path:
        """The log of the supervisor and the server."""
        return self.directory / "server.log"

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
