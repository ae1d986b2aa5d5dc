"""The account that a server runs as. PostgreSQL refuses to run as root, so root uses another account."""

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
# Either of them allows access to closed folders; the first allows less in addition.
CAPABILITIES = (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE)


@dataclass(frozen=True)
class Account:
    """A user and group to run a program as; ``capability`` is kept from root to pass closed folders."""

    uid: int
    gid: int
    capability: int | None = None


def find_owner(path: Path) -> Account | None:
    """Return the owner of ``path`` if this is root and the owner is not; otherwise None."""
    if os.geteuid() != 0:
        return None
    owner = path.stat()
    return Account(owner.st_uid, owner.st_gid) if owner.st_uid != 0 else None


def account_without_root() -> Account:
    """Return an account for a program that must not run as root.

    Raises ``EmbeddedServiceError`` if there is none.
    """
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


def grant_reach(account: Account, paths: list[Path]) -> Account:
    """Return ``account``, with the capability that it needs to reach ``paths``, if any.

    Other accounts cannot reach a project or a virtual environment under a closed folder such as /root. Instead of
    opening that folder, the server keeps the one capability to pass it.

    Raises ``EmbeddedServiceError`` if the account cannot reach them.
    """
    candidates = [account]
    candidates += [Account(account.uid, account.gid, power) for power in CAPABILITIES if _has(power)]
    try:
        for candidate in candidates:
            if all(_is_reachable(candidate, path) for path in paths):
                return candidate
    except subprocess.SubprocessError as error:
        raise EmbeddedServiceError(
            f"Root cannot become user {account.uid} here, as in some containers. Start Matinee as an ordinary "
            "user, or set DATABASE_URL and REDIS_URL to servers of your own."
        ) from error
    raise EmbeddedServiceError(
        f"This server would run as user {account.uid}, who cannot reach {' and '.join(map(str, paths))}. Start "
        "Matinee as an ordinary user, move it to a folder that all users can enter, or set DATABASE_URL and REDIS_URL "
        "to servers of your own."
    )


def child_setup(account: Account | None, *, on_parent_death: signal.Signals | None = None) -> Callable[[], None]:
    """Return a ``preexec_fn`` that changes the account and makes the child end with its parent.

    On Linux, the kernel sends the child the signal ``on_parent_death`` when the parent ends, however it ends.
    """
    parent = os.getpid()
    libc = ctypes.CDLL(None, use_errno=True)

    def setup() -> None:
        if account is not None:
            _become(libc, account)
        if on_parent_death is not None and sys.platform == "linux":
            libc.prctl(PR_SET_PDEATHSIG, int(on_parent_death), 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return setup


def _is_reachable(account: Account, path: Path) -> bool:
    probe = ["/usr/bin/env", "test", "-x", str(path)]
    return subprocess.run(probe, check=False, cwd="/", preexec_fn=child_setup(account)).returncode == 0


def _has(capability: int) -> bool:
    """Return whether this process has ``capability`` and can pass it on; False except on Linux."""
    if sys.platform != "linux":
        return False
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("CapPrm:"):
            return bool(int(line.split()[1], 16) >> capability & 1)
    return False


def _become(libc: ctypes.CDLL, account: Account) -> None:
    if account.capability is not None:
        # Without this bit, the kernel drops all capabilities together with root's uid and ignores them in access(2),
        # which PostgreSQL uses to find its own files.
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
