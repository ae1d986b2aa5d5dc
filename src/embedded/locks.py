"""Advisory file locks, which the kernel releases when the process ends, even after ``kill -9``."""

import fcntl
import os
import time
from pathlib import Path

RETRY_SECONDS = 0.01


def lock_open(path: Path) -> int:
    """Open a lock file, and create it if it is missing. Forks inherit the returned descriptor, other programs do not.

    Raises ``OSError`` if the file cannot be created or opened.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if os.geteuid() == 0:
        # In another user's folder, root creates files that this user can use later.
        owner = path.parent.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
    return descriptor


def lock_try(descriptor: int, mode: int) -> bool:
    """Take the lock as ``fcntl.LOCK_SH`` or ``fcntl.LOCK_EX`` if it is free, and return whether it was."""
    try:
        fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def lock_wait(descriptor: int, mode: int, *, deadline: float) -> bool:
    """Try to take the lock until ``deadline`` (on the monotonic clock), and return whether it was taken."""
    while not lock_try(descriptor, mode):
        if time.monotonic() > deadline:
            return False
        time.sleep(RETRY_SECONDS)
    return True


def lock_release(descriptor: int) -> None:
    """Release the lock for all processes that share this descriptor."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)


def lock_is_held(path: Path) -> bool:
    """Return whether a process holds the lock exclusively now."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        if not lock_try(descriptor, fcntl.LOCK_SH):
            return True
        # Closing is not enough: a fork in another thread may have copied the descriptor.
        lock_release(descriptor)
        return False
    finally:
        os.close(descriptor)


def lock_matches(descriptor: int, path: Path) -> bool:
    """Return whether ``descriptor`` is still the file at ``path``, and neither closed nor removed since."""
    try:
        held = os.fstat(descriptor)
        named = path.stat()
    except OSError:
        return False
    return (held.st_dev, held.st_ino) == (named.st_dev, named.st_ino)
