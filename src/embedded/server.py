"""What the supervisor needs to know of a server: how to prepare it, start it, see it ready and stop it."""

import os
import signal
import stat
from abc import ABC, abstractmethod
from pathlib import Path

from embedded.account import Account
from embedded.errors import EmbeddedServiceError
from embedded.layout import Layout


class Server(ABC):
    """One kind of embedded server in its folder."""

    process_names: frozenset[str]
    stop_signal: signal.Signals
    kill_signal: signal.Signals

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    @property
    @abstractmethod
    def account(self) -> Account | None:
        """Whom the server runs as; None for whoever runs this."""

    @abstractmethod
    def prepare(self) -> None:
        """Make the data folder if there is none, and check it otherwise; raises ``EmbeddedServiceError``."""

    def stale_files(self) -> list[Path]:
        """Return the files by which a crashed server would keep the next one from starting."""
        return []

    @abstractmethod
    def command(self) -> list[str]:
        """Return the program and arguments that run the server in the foreground."""

    @abstractmethod
    def is_ready(self, pid: int) -> bool:
        """Say whether the server with this process id takes connections."""


def private_folder_make(folder: Path, account: Account | None) -> None:
    """Make a folder that only ``account`` can enter, or check that an existing one is such a folder.

    Raises ``EmbeddedServiceError`` where the name is taken by something that others could have put there.
    """
    owner = os.geteuid() if account is None else account.uid
    if not os.path.lexists(folder):
        folder.mkdir(mode=0o700)
        if account is not None:
            os.chown(folder, account.uid, account.gid)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or stat.S_IMODE(found.st_mode) & 0o077:
        raise EmbeddedServiceError(
            f"{folder} must be a folder that only user {owner} can enter, but it belongs to user {found.st_uid} "
            f"with mode {stat.filemode(found.st_mode)}. Move it away and start again."
        )
