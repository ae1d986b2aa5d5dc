"""Runs one embedded server for as long as a process holds a lease on it, then stops it and exits.

The first process that needs the server starts ``python -m embedded.supervisor``. The supervisor forks: the parent waits
until the server accepts connections, or prints the reason on standard error; the child stays, in a session of its own,
without open files of the process that started it.
"""

import argparse
import fcntl
import logging
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from embedded.account import child_setup
from embedded.errors import EmbeddedServiceError
from embedded.layout import LAYOUTS, Layout
from embedded.locks import lock_matches, lock_open, lock_release, lock_try, lock_wait
from embedded.orphans import orphans_stop
from embedded.postgres import PostgresServer
from embedded.redis import RedisServer
from embedded.server import Server

SERVERS: dict[str, Callable[[Layout], Server]] = {"postgres": PostgresServer, "redis": RedisServer}

START_SECONDS = 55.0
STOP_SECONDS = 60.0
POLL_SECONDS = 0.25
READY_POLL_SECONDS = 0.02
LARGEST_LOG = 10_000_000
READY = "ready"

logger = logging.getLogger("supervisor")


class Supervisor:
    """Runs the process of the server from its start to its end."""

    def __init__(self, layout: Layout, *, grace: float) -> None:
        self.layout = layout
        self.grace = grace
        self.deadline = time.monotonic() + START_SECONDS
        self.asked_to_stop = False
        self.idle_since: float | None = None

    def run(self, report: Callable[[str], None]) -> None:
        """Start the server, report that it is ready or why it is not, wait until nobody uses it, and stop it."""
        try:
            process = self._start()
        except (EmbeddedServiceError, OSError) as error:
            logger.error("%s", error)  # noqa: TRY400 the message is for users
            report(f"{error} (log: {self.layout.log})")
            return
        try:
            if lock_wait(self.ready, fcntl.LOCK_EX, deadline=self.deadline):
                report(READY)
                self._watch(process)
        finally:
            lock_release(self.ready)
            process_stop(process, self.server)
            self._tidy()
        logger.info("%s has stopped.", self.layout.title)

    def _start(self) -> subprocess.Popen[bytes]:
        self.lock = lock_open(self.layout.supervisor)
        if not lock_wait(self.lock, fcntl.LOCK_EX, deadline=self.deadline):
            raise EmbeddedServiceError(f"The {self.layout.title} that runs in {self.layout.directory} does not stop.")
        os.truncate(self.lock, 0)
        os.pwrite(self.lock, str(os.getpid()).encode(), 0)
        self.lease = lock_open(self.layout.lease)
        self.ready = lock_open(self.layout.ready)
        self._listen_for_signals()
        self.server = SERVERS[self.layout.kind](self.layout)
        orphans_stop(self.server)
        self.server.prepare()
        try:
            return self._launch()
        except EmbeddedServiceError:
            self._tidy()
            raise

    def _launch(self) -> subprocess.Popen[bytes]:
        logged = self.layout.log.stat().st_size
        process = subprocess.Popen(
            self.server.command(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=child_setup(self.server.account, on_parent_death=self.server.stop_signal),  # noqa: PLW1509 the supervisor has one thread
        )
        while not self.server.is_ready(process.pid):
            if process.poll() is not None:
                reason = _last_error(self.layout.log, since=logged) or f"exit code {process.returncode}"
                raise EmbeddedServiceError(f"{self.layout.title} stopped while starting: {reason}")
            if time.monotonic() > self.deadline:
                process_stop(process, self.server)
                raise EmbeddedServiceError(f"{self.layout.title} was not ready after {START_SECONDS:.0f} seconds.")
            time.sleep(READY_POLL_SECONDS)
        logger.info("%s is ready on %s.", self.layout.title, self.layout.socket)
        return process

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        while not self.asked_to_stop:
            self._sleep()
            if process.poll() is not None:
                logger.error("%s ended by itself (exit code %s).", self.layout.title, process.returncode)
                return
            if not lock_matches(self.lease, self.layout.lease):
                logger.error("%s was removed; nothing is left to serve.", self.layout.directory)
                return
            if self._is_abandoned():
                # The lease stays locked until this process ends, so that new processes wait for a clean stop.
                return

    def _sleep(self) -> None:
        """Wait for the next check, or for a signal."""
        if select.select([self.wake], [], [], POLL_SECONDS)[0]:
            # Read what has arrived, or the next wait would return at once.
            self.wake.recv(4096)

    def _tidy(self) -> None:
        """Remove the folder of the socket if it is in /tmp, unless a successor may use it."""
        folder = self.layout.socket_directory
        shared = folder.parent != self.layout.directory
        if shared and folder.exists() and lock_matches(self.lease, self.layout.lease):
            shutil.rmtree(folder)

    def _is_abandoned(self) -> bool:
        if not lock_try(self.lease, fcntl.LOCK_EX):
            self.idle_since = None
            return False
        self.idle_since = self.idle_since or time.monotonic()
        if time.monotonic() - self.idle_since >= self.grace:
            return True
        lock_release(self.lease)
        return False

    def _listen_for_signals(self) -> None:
        self.wake, wake_writer = socket.socketpair()
        wake_writer.settimeout(0)
        # The descriptor must outlive this function.
        self.wake_writer = wake_writer
        signal.set_wakeup_fd(wake_writer.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop_signal)

    def _on_stop_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.asked_to_stop = True


def process_stop(process: subprocess.Popen[bytes], server: Server) -> None:
    """Stop the server by its own signal, and by force if that takes too long."""
    for number, seconds in ((server.stop_signal, STOP_SECONDS), (server.kill_signal, 5.0), (signal.SIGKILL, None)):
        if process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            logger.warning("%s did not stop on %s.", server.layout.title, number.name)


def _last_error(log: Path, *, since: int) -> str:
    """Return the last fatal error, or else the last line, in the log after its first ``since`` bytes."""
    with log.open("rb") as file:
        file.seek(since)
        lines = file.read().decode(errors="replace").splitlines()
    fatal = [line for line in lines if "FATAL" in line or "PANIC" in line]
    return (fatal or lines or [""])[-1].strip()


def _redirect_streams(log: Path) -> None:
    """Redirect the standard streams to the log, so that no process waits for this one to close them."""
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
    descriptor = lock_open(log)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    logging.basicConfig(
        format="%(asctime)s supervisor %(levelname)s: %(message)s", level=logging.INFO, stream=sys.stderr
    )


def _supervise(layout: Layout, grace: float, writer: int) -> None:
    """Run the supervisor in this process, and exit."""

    def report(message: str) -> None:
        with os.fdopen(writer, "w", encoding="utf-8") as pipe:
            pipe.write(message)

    status = 1
    try:
        _redirect_streams(layout.log)
        Supervisor(layout, grace=grace).run(report)
        status = 0
    except Exception:
        logger.exception("The supervisor of %s failed.", layout.title)
    finally:
        logging.shutdown()
        os._exit(status)


def main(arguments: Sequence[str] | None = None) -> int:
    """Start a supervisor: 0 once its server accepts connections, 1 with the reason on standard error, 2 on a crash."""
    parser = argparse.ArgumentParser(prog="python -m embedded.supervisor", description=main.__doc__)
    parser.add_argument("kind", choices=sorted(LAYOUTS))
    parser.add_argument("--var-dir", type=Path, required=True)
    parser.add_argument(
        "--grace", type=float, required=True, help="seconds to wait after the last process has released the server"
    )
    options = parser.parse_args(arguments)
    layout = LAYOUTS[options.kind](options.var_dir)
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.close(reader)
        _supervise(layout, options.grace, writer)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as pipe:
        message = pipe.read()
    if message == READY:
        return 0
    sys.stderr.write(message)
    return 1 if message else 2


if __name__ == "__main__":
    sys.exit(main())
