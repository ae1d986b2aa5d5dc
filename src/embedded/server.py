"""The interface of a server for the supervisor: prepare, start, check and stop it."""

import importlib.util
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
        """The account that the server runs as; None for that of this process."""

    @abstractmethod
    def prepare(self) -> None:
        """Create the data folder, or check an existing one. Raises ``EmbeddedServiceError`` if that fails."""

    def stale_files(self) -> list[Path]:
        """Return the files of a crashed server that would prevent the next start."""
        return []

    @abstractmethod
    def command(self) -> list[str]:
        """Return the program and arguments that run the server in the foreground."""

    @abstractmethod
    def is_ready(self, pid: int) -> bool:
        """Return whether the server with this process id accepts connections."""


def wheel_folders(name: str) -> list[Path]:
    """Return the folders of an installed package, none if it is missing, without importing it."""
    spec = importlib.util.find_spec(name)
    return [Path(folder) for folder in (spec and spec.submodule_search_locations) or []]


def private_folder_make(folder: Path, account: Account | None) -> None:
    """Create a folder that only ``account`` can enter, or check that an existing one is such a folder.

    Raises ``EmbeddedServiceError`` if another user could have created it.
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
