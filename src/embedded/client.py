"""The client of an embedded server: holds a lease on it, and starts it if it is not running."""

import fcntl
import os
import socket
import subprocess
import sys
import threading
import time
from functools import cache
from pathlib import Path

from embedded.errors import EmbeddedServiceError
from embedded.layout import LAYOUTS, Layout
from embedded.locks import lock_is_held, lock_matches, lock_open, lock_wait

WAIT_SECONDS = 60.0
GRACE_SECONDS = 2.0
ATTEMPTS = 5
SOURCE = Path(__file__).resolve().parents[1]
# The variables that the supervisor inherits: none that contains a secret or configures PostgreSQL.
INHERITED_VARIABLES = ("PATH", "HOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV")


class EmbeddedServer:
    """One embedded server as seen by this process. Safe to use from threads and across forks.

    The first ``ensure`` takes a lease, which is kept until the process and its forked children have ended, however
    they end. The supervisor of the server then finds it free.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._lease: int | None = None
        self._guard = threading.Lock()
        os.register_at_fork(after_in_child=self._renew_guard)

    def ensure(self) -> None:
        """Return once the server accepts connections; start it if it is not running.

        Costs a few system calls if it is running. Raises ``EmbeddedServiceError`` if it cannot run, after 60 seconds at
        the latest; the message says why.
        """
        with self._guard:
            deadline = time.monotonic() + WAIT_SECONDS
            try:
                self._hold_lease(deadline)
                for _ in range(ATTEMPTS):
                    if lock_is_held(self.layout.ready):
                        return
                    self._start(deadline)
            except OSError as error:
                raise EmbeddedServiceError(self._explain(error)) from error
            if not lock_is_held(self.layout.ready):
                raise EmbeddedServiceError(f"{self.layout.title} starts and ends again (log: {self.layout.log})")

    def recover(self) -> bool:
        """Restart the server after a failed connection; return False if it had never stopped."""
        deadline = time.monotonic() + WAIT_SECONDS
        while lock_is_held(self.layout.ready):
            if self._answers():
                return False
            if time.monotonic() > deadline:
                raise EmbeddedServiceError(
                    f"{self.layout.title} runs but does not answer on {self.layout.socket} (log: {self.layout.log})"
                )
            # Its supervisor will notice soon.
            time.sleep(0.01)
        self.ensure()
        return True

    def _renew_guard(self) -> None:
        # A thread of the parent may have held the old lock at the time of the fork.
        self._guard = threading.Lock()

    def _hold_lease(self, deadline: float) -> None:
        if self._lease is not None and lock_matches(self._lease, self.layout.lease):
            return
        folder_make(self.layout.directory)
        lease = lock_open(self.layout.lease)
        if not lock_wait(lease, fcntl.LOCK_SH, deadline=deadline):
            os.close(lease)
            raise EmbeddedServiceError(self._too_slow("to stop"))
        self._lease = lease

    def _start(self, deadline: float) -> None:
        starting = lock_open(self.layout.starting)
        try:
            if not lock_wait(starting, fcntl.LOCK_EX, deadline=deadline):
                raise EmbeddedServiceError(self._too_slow("to start"))
            if not lock_is_held(self.layout.ready):
                self._run_supervisor(deadline)
        finally:
            os.close(starting)

    def _run_supervisor(self, deadline: float) -> None:
        command = [sys.executable, "-P", "-m", "embedded.supervisor", self.layout.kind]
        command += ["--var-dir", str(self.layout.directory.parent), "--grace", str(GRACE_SECONDS)]
        environment = {name: os.environ[name] for name in INHERITED_VARIABLES if name in os.environ}
        try:
            started = subprocess.run(
                command,
                check=False,
                capture_output=True,
                cwd="/",
                env={**environment, "LANG": "C.UTF-8", "PYTHONPATH": str(SOURCE)},
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                text=True,
                timeout=max(1.0, deadline - time.monotonic()),
            )
        except subprocess.TimeoutExpired as error:
            raise EmbeddedServiceError(self._too_slow("to start")) from error
        # Any other code means that the supervisor was killed while it started: `ensure` tries again.
        if started.returncode == 1:
            raise EmbeddedServiceError(started.stderr.strip())

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            try:
                connection.connect(str(self.layout.socket))
            except OSError:
                return False
            return True

    def _too_slow(self, what: str) -> str:
        return (
            f"{self.layout.title} took more than {WAIT_SECONDS:.0f} seconds {what} in {self.layout.directory} "
            f"(log: {self.layout.log})"
        )

    def _explain(self, error: OSError) -> str:
        return (
            f"{self.layout.title} cannot use {error.filename or self.layout.directory}: {error.strerror}. "
            "Make the folder writable, or set VAR_DIR to a folder that is."
        )


def folder_make(folder: Path) -> None:
    """Make a folder. If root makes it inside another user's folder, that user becomes its owner."""
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(exist_ok=True)
    if os.geteuid() == 0:
        owner = folder.parent.stat()
        os.chown(folder, owner.st_uid, owner.st_gid)


@cache
def embedded_server(kind: str, var_dir: Path) -> EmbeddedServer:
    """Return the one client of this process for the server of that kind under ``var_dir``."""
    return EmbeddedServer(LAYOUTS[kind](var_dir))
