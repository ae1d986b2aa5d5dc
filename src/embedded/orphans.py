"""Stops processes that a killed supervisor has left behind."""

import psutil

from embedded.errors import EmbeddedServiceError
from embedded.server import Server

STOP_SECONDS = 10.0
KILL_SECONDS = 10.0


def orphans_stop(server: Server) -> None:
    """Stop processes of an earlier, killed supervisor on the same data, and remove their stale files.

    Raises ``EmbeddedServiceError`` if one of them does not stop.
    """
    orphans = _find_processes(server)
    for orphan in _eldest(orphans):
        orphan.send_signal(server.stop_signal)
    _, alive = psutil.wait_procs(orphans, timeout=STOP_SECONDS)
    for orphan in alive:
        orphan.kill()
    _, alive = psutil.wait_procs(alive, timeout=KILL_SECONDS)
    if alive:
        raise EmbeddedServiceError(
            f"An earlier {server.layout.title} still runs in {server.layout.data}: end process {alive[0].pid} first."
        )
    # A process id in a stale file may by now belong to another process, which would prevent the start of the server.
    for path in server.stale_files():
        path.unlink(missing_ok=True)


def _find_processes(server: Server) -> list[psutil.Process]:
    """Return the processes that work in the server's folder, or did so before it was moved or removed."""
    data, socket_path = str(server.layout.data), str(server.layout.socket_directory)
    found = []
    for process in psutil.process_iter():
        try:
            if process.name() not in server.process_names:
                continue
            if process.cwd() == data or any(data == word or socket_path in word for word in process.cmdline()):
                found.append(process)
        except psutil.Error:
            # It has ended, or belongs to another user.
            continue
    return found


def _eldest(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Return the processes whose parent is not among them: servers, and workers without a server."""
    pids = {process.pid for process in processes}
    return [process for process in processes if process.ppid() not in pids]
