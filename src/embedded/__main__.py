"""``python -m embedded status|stop --var-dir FOLDER``: show the embedded servers of a folder, or stop them now."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from embedded.client import WAIT_SECONDS
from embedded.layout import LAYOUTS, Layout
from embedded.locks import lock_is_held


def server_status(layout: Layout) -> str:
    """Return one line about the state of the server."""
    if not lock_is_held(layout.supervisor):
        return f"{layout.title}: not running ({layout.directory})"
    state = "running" if lock_is_held(layout.ready) else "starting or stopping"
    return f"{layout.title}: {state}, supervisor {_supervisor_pid(layout)}, socket {layout.socket}, log {layout.log}"


def server_stop(layout: Layout) -> str:
    """Stop the server even if it is in use, wait until it has stopped, and return one line about it."""
    if not lock_is_held(layout.supervisor):
        return f"{layout.title}: not running"
    os.kill(_supervisor_pid(layout), signal.SIGTERM)
    deadline = time.monotonic() + WAIT_SECONDS
    while lock_is_held(layout.supervisor):
        if time.monotonic() > deadline:
            return f"{layout.title}: still stopping after {WAIT_SECONDS:.0f} seconds (log: {layout.log})"
        time.sleep(0.05)
    return f"{layout.title}: stopped"


def _supervisor_pid(layout: Layout) -> int:
    return int(layout.supervisor.read_text(encoding="ascii"))


def main(arguments: Sequence[str] | None = None, *, default_var_dir: Callable[[], Path] | None = None) -> int:
    """Show the embedded servers of a VAR_DIR, or stop them even if they are in use."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {'config.' if default_var_dir else ''}embedded", description=main.__doc__
    )
    parser.add_argument("action", choices=["status", "stop"])
    parser.add_argument(
        "--var-dir",
        type=Path,
        required=default_var_dir is None,
        help="the folder of the servers" + (" (default: VAR_DIR of the settings)" if default_var_dir else ""),
    )
    options = parser.parse_args(arguments)
    var_dir: Path = options.var_dir if options.var_dir or not default_var_dir else default_var_dir()
    act = server_status if options.action == "status" else server_stop
    lines = [act(layout(var_dir)) for layout in LAYOUTS.values()]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
