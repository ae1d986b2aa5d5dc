"""The account that a server runs as. PostgreSQL refuses root, so root hands it to another account."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from embedded.errors import EmbeddedServiceError

# Accounts that exist on common systems, best first.
CANDIDATES = ("postgres", "nobody")

# Numbers of linux/prctl.h, linux/securebits.h and linux/capability.h.
PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
SECBIT_NO_SETUID_FIXUP = 4
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2
# Either lets its holder pass closed folders; the first lets it do less besides.
PASSING_POWERS = (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE)


@dataclass(frozen=True)
class Account:
    """A user and group to run a program as; ``capability`` is what it keeps of root's power to pass closed folders."""

    uid: int
    gid: int
    capability: int | None = None


def account_of(path: Path) -> Account | None:
    """Return the owner of ``path`` where root is to act for somebody else, and None to act as oneself."""
    if os.geteuid() != 0:
        return None
    owner = path.stat()
    return Account(owner.st_uid, owner.st_gid) if owner.st_uid != 0 else None


def account_without_root() -> Account:
    """Return an account for what root must not run."""
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise EmbeddedServiceError(
        "PostgreSQL does not run as root, and this system has neither an account `postgres` nor `nobody` to run it as. "
        "Start Matinee as an ordinary user, or set DATABASE_URL to a server of your own."
    )


def account_reaching(account: Account, paths: list[Path]) -> Account:
    """Return ``account`` with the one capability it needs to reach ``paths``, if it needs any.

    A project or a virtual environment under a closed folder such as /root is out of reach for every other account.
    Rather than open that folder, the server keeps root's right to pass it, and no other right.
    """
    candidates = [account]
    candidates += [Account(account.uid, account.gid, power) for power in PASSING_POWERS if _holds(power)]
    try:
        for candidate in candidates:
            if all(_is_reachable(candidate, path) for path in paths):
                return candidate
    except subprocess.SubprocessError as error:
        raise EmbeddedServiceError(
            f"Root may not become user {account.uid} here, as happens in some containers. Start Matinee as an ordinary "
            "user, or set DATABASE_URL and REDIS_URL to servers of your own."
        ) from error
    raise EmbeddedServiceError(
        f"Root hands this server to user {account.uid}, who cannot reach {' and '.join(map(str, paths))}. Start "
        "Matinee as an ordinary user, move it to a folder that everybody may pass, or set DATABASE_URL and REDIS_URL "
        "to servers of your own."
    )


def child_setup(account: Account | None, *, last_words: signal.Signals | None = None) -> Callable[[], None]:
    """Return what a child process does before it becomes its program: change account, and die with its parent.

    With ``last_words`` the kernel sends the child that signal when the parent ends, however it ends (on Linux).
    """
    parent = os.getpid()
    libc = ctypes.CDLL(None, use_errno=True)

    def setup() -> None:
        if account is not None:
            _become(libc, account)
        if last_words is not None and sys.platform == "linux":
            libc.prctl(PR_SET_PDEATHSIG, int(last_words), 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return setup


def _is_reachable(account: Account, path: Path) -> bool:
    probe = ["/usr/bin/env", "test", "-x", str(path)]
    return subprocess.run(probe, check=False, cwd="/", preexec_fn=child_setup(account)).returncode == 0


def _holds(capability: int) -> bool:
    """Say whether this process may pass ``capability`` on, as far as the kernel tells."""
    if sys.platform != "linux":
        return False
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("CapPrm:"):
            return bool(int(line.split()[1], 16) >> capability & 1)
    return False


def _become(libc: ctypes.CDLL, account: Account) -> None:
    if account.capability is not None:
        # Without this bit the kernel drops every capability with root's uid, and leaves them out of access(2),
        # by which PostgreSQL looks for its own files.
        _check(libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0))
    os.setgroups([])
    os.setgid(account.gid)
    os.setuid(account.uid)
    if account.capability is not None:
        _keep_only(libc, account.capability)


def _keep_only(libc: ctypes.CDLL, capability: int) -> None:
    bit = 1 << capability
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    # Effective, permitted and inheritable sets: the low 32 capabilities first, then the high ones.
    sets = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    _check(libc.capset(header, sets))
    _check(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0))


def _check(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
