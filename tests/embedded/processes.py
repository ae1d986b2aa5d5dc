"""Processes that use embedded servers, to be ended in every way a process can end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from embedded.layout import Layout
from embedded.locks import lock_is_held

SOURCE = Path(__file__).resolve().parents[2] / "src"
PATIENCE = 30.0

# Takes commands from its standard input, one Python statement a line, and answers each with a line.
USER_PROGRAM = """
import os, sys
from pathlib import Path
from embedded import client, ensure_postgres, ensure_redis
client.GRACE_SECONDS = float(sys.argv[2])
var_dir = Path(sys.argv[1])
for line in sys.stdin:
    try:
        exec(line)
        print("done", flush=True)
    except Exception as error:
        print(f"{type(error).__name__}: {error}", flush=True)
"""


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a process that imports the project."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), "LANG": "C.UTF-8", **more}


class User:
    """A separate process that uses the embedded servers of a folder on request."""

    def __init__(self, var_dir: Path, *, grace: float = 0.1, setup: Callable[[], None] | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER_PROGRAM, str(var_dir), str(grace)],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=setup,  # noqa: PLW1509 tests have one thread
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.commands, self.answers = self.process.stdin, self.process.stdout

    def tell(self, statement: str) -> None:
        self.commands.write(statement + "\n")
        self.commands.flush()

    def answer(self) -> str:
        return self.answers.readline().strip()

    def ask(self, statement: str) -> str:
        self.tell(statement)
        return self.answer()

    def leave(self) -> None:
        self.commands.close()
        self.process.wait(PATIENCE)
        self.answers.close()

    def kill(self) -> None:
        self.process.kill()
        self.leave()


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Wait for something that another process brings about."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE} seconds: {what}"
        time.sleep(0.02)


def wait_until_stopped(layout: Layout) -> None:
    wait_until(lambda: not lock_is_held(layout.supervisor), f"{layout.title} stops")


def server_processes(layout: Layout) -> list[int]:
    """Return the processes that were started for the server of ``layout``: one, if all is well."""
    names = {"postgres": ["-D", str(layout.data)], "redis": [f"unixsocket:{layout.socket}"]}
    found = []
    for process in psutil.process_iter():
        try:
            line = process.cmdline()
        except psutil.Error:
            continue
        if " ".join(names[layout.kind]) in " ".join(line):
            found.append(process.pid)
    return found


def supervisor_pid(layout: Layout) -> int:
    return int(layout.supervisor.read_text())


def kill(pid: int) -> None:
    """End a process as the kernel does when memory runs out."""
    os.kill(pid, signal.SIGKILL)
