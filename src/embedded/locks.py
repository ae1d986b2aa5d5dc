"""Advisory file locks that the kernel releases when their holder ends, even by ``kill -9``."""

import fcntl
import os
import time
from pathlib import Path

RETRY_SECONDS = 0.01


def lock_open(path: Path) -> int:
    """Open a lock file, made if missing, and return its descriptor; it passes to forks but not to other programs.

    Raises ``OSError`` where the file cannot be made or opened.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if os.geteuid() == 0:
        # Under somebody's folder, root leaves files that their owner can use later.
        owner = path.parent.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
    return descriptor


def lock_try(descriptor: int, mode: int) -> bool:
    """Take the lock as ``fcntl.LOCK_SH`` or ``fcntl.LOCK_EX`` if it is free, and say whether it was taken."""
    try:
        fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def lock_wait(descriptor: int, mode: int, *, deadline: float) -> bool:
    """Take the lock, trying until ``deadline`` (on the monotonic clock), and say whether it was taken."""
    while not lock_try(descriptor, mode):
        if time.monotonic() > deadline:
            return False
        time.sleep(RETRY_SECONDS)
    return True


def lock_release(descriptor: int) -> None:
    """Give the lock back, for every process that shares this descriptor."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)


def lock_is_held(path: Path) -> bool:
    """Say whether some process holds the lock exclusively at this moment."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        if not lock_try(descriptor, fcntl.LOCK_SH):
            return True
        # Given back by name, as a fork in another thread may have copied the descriptor.
        lock_release(descriptor)
        return False
    finally:
        os.close(descriptor)


def lock_matches(descriptor: int, path: Path) -> bool:
    """Say whether ``descriptor`` still is the file at ``path``: neither closed by a daemon nor removed since."""
    try:
        held = os.fstat(descriptor)
        named = path.stat()
    except OSError:
        return False
    return (held.st_dev, held.st_ino) == (named.st_dev, named.st_ino)
