"""What a supervisor that was killed outright has left behind, and how its successor clears it away."""

import psutil

from embedded.errors import EmbeddedServiceError
from embedded.server import Server

STOP_SECONDS = 10.0
KILL_SECONDS = 10.0


def orphans_stop(server: Server) -> None:
    """End what an earlier supervisor, killed outright, has left running on the same data; raises if it stays.

    A server that lost only its supervisor is asked to stop; workers that lost their server are simply ended.
    """
    orphans = _processes_of(server)
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
    # What a crash left may name any living process by now, which would keep the server from starting.
    for path in server.stale_files():
        path.unlink(missing_ok=True)


def _processes_of(server: Server) -> list[psutil.Process]:
    """Return the processes that work in the server's folder, or were told to before it was moved or removed."""
    data, socket_path = str(server.layout.data), str(server.layout.socket_directory)
    found = []
    for process in psutil.process_iter():
        try:
            if process.name() not in server.process_names:
                continue
            if process.cwd() == data or any(data == word or socket_path in word for word in process.cmdline()):
                found.append(process)
        except psutil.Error:
            # Gone meanwhile, or somebody else's.
            continue
    return found


def _eldest(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Return those whose parent is not among them: the servers themselves, or workers that lost theirs."""
    pids = {process.pid for process in processes}
    return [process for process in processes if process.ppid() not in pids]
