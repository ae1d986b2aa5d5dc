"""Where an embedded server keeps its things: every path follows from ``VAR_DIR`` alone, so all processes agree."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

POSTGRES_PORT = 5432

# The kernel's limit on a socket's path is 107 bytes on Linux and 103 on macOS.
LONGEST_SOCKET_PATH = 103
# Socket paths travel in database settings, where a comma separates hosts, and in URLs.
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")


@dataclass(frozen=True)
class Layout:
    """The folder of one server and what lies in it.

    Four lock files, all taken with ``flock`` so that the kernel releases them however their holder ends:

    - ``lease``: shared by every process that uses the server, and by its forked children;
    - ``starting``: held by the one process that is starting the server;
    - ``supervisor``: held by the supervisor of the server from its first to its last moment;
    - ``ready``: held by the supervisor while the server takes connections.
    """

    kind: str
    title: str
    directory: Path
    socket_name: str

    @property
    def lease(self) -> Path:
        """The lock that users of the server share."""
        return self.directory / "lease.lock"

    @property
    def starting(self) -> Path:
        """The lock of the process that starts the server."""
        return self.directory / "starting.lock"

    @property
    def supervisor(self) -> Path:
        """The lock of the supervisor; its text is the supervisor's process id."""
        return self.directory / "supervisor.lock"

    @property
    def ready(self) -> Path:
        """The lock that is held exactly while the server takes connections."""
        return self.directory / "ready.lock"

    @property
    def data(self) -> Path:
        """The server's own folder."""
        return self.directory / "data"

    @property
    def log(self) -> Path:
        """What the supervisor and the server have to say."""
        return self.directory / "server.log"

    @property
    def socket_directory(self) -> Path:
        """The folder of the socket: beside the data where the path is short and plain, else a hashed name in /tmp."""
        beside = self.directory / "socket"
        path = str(beside / self.socket_name)
        if len(path.encode()) <= LONGEST_SOCKET_PATH and PLAIN_PATH.fullmatch(path):
            return beside
        digest = hashlib.sha256(str(self.directory).encode(errors="surrogateescape")).hexdigest()[:16]
        # Not TMPDIR, which differs between the processes that must meet; its owner and mode are checked before use.
        return Path(f"/tmp/matinee-{digest}")  # noqa: S108

    @property
    def socket(self) -> Path:
        """The socket that the server listens on."""
        return self.socket_directory / self.socket_name


def postgres_layout(var_dir: Path) -> Layout:
    """Return where the PostgreSQL of ``var_dir`` lives."""
    return Layout("postgres", "PostgreSQL", var_dir.resolve() / "postgres", f".s.PGSQL.{POSTGRES_PORT}")


def redis_layout(var_dir: Path) -> Layout:
    """Return where the Redis of ``var_dir`` lives."""
    return Layout("redis", "Redis", var_dir.resolve() / "redis", "redis.sock")


LAYOUTS = {"postgres": postgres_layout, "redis": redis_layout}
