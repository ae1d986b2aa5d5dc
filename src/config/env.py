"""Readers of environment variables: strict, and able to take a secret from a file named by ``<NAME>_FILE``."""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ImproperlyConfigured
from environs import EnvError, FileAwareEnv

PROJECT_ROOT = Path(__file__).resolve().parents[2]

env = FileAwareEnv(strip_whitespace=True)


def read_boolean(name: str, *, default: bool) -> bool:
    """Return a boolean variable; anything but a plain yes or no is an error that names it."""
    try:
        return bool(env.bool(name, default))
    except EnvError as error:
        message = f"{name} must be true or false, not {os.environ.get(name)!r}."
        raise ImproperlyConfigured(message) from error


def read_text(name: str, *, default: str) -> str:
    """Return a text variable, or what the file named by ``<name>_FILE`` holds; an unreadable file is an error."""
    try:
        return str(env.str(name, default))
    except ValueError as error:
        message = f"{name}_FILE must name a readable file, not {os.environ.get(name + '_FILE')!r}."
        raise ImproperlyConfigured(message) from error


def read_integer(name: str, *, default: int, minimum: int = 0) -> int:
    """Return a whole-number variable that is at least ``minimum``."""
    message = f"{name} must be a whole number of at least {minimum}, not {os.environ.get(name)!r}."
    try:
        value = int(env.int(name, default))
    except EnvError as error:
        raise ImproperlyConfigured(message) from error
    if value < minimum:
        raise ImproperlyConfigured(message)
    return value


def read_choice(name: str, *, default: str, choices: Sequence[str]) -> str:
    """Return a variable that is one of ``choices``, in upper case as they are."""
    value = read_text(name, default=default).upper()
    if value not in choices:
        message = f"{name} must be one of {', '.join(choices)}, not {os.environ.get(name)!r}."
        raise ImproperlyConfigured(message)
    return value


def read_time_zone(name: str, *, default: str) -> str:
    """Return the name of a time zone that this machine knows."""
    value = read_text(name, default=default)
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = f"{name} must be a time zone like Europe/Prague, not {value!r}."
        raise ImproperlyConfigured(message) from error
    return value


def read_list(name: str, *, default: list[str]) -> list[str]:
    """Return a comma-separated variable as a list without blanks."""
    raw = os.environ.get(name)
    if raw is None:
        return default
    return [part.strip() for part in raw.split(",") if part.strip()]


def read_directory(name: str, *, default: Path) -> Path:
    """Return an absolute folder path; a relative one counts from the project's root."""
    raw = os.environ.get(name)
    return default if not raw else (PROJECT_ROOT / raw).resolve()


def read_secret_key(var_dir: Path) -> str:
    """Return ``SECRET_KEY``, or a key made once and kept, readable by its owner alone, under ``var_dir``."""
    given = read_text("SECRET_KEY", default="")
    if given:
        return given
    path = var_dir / "secret_key"
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        return _make_secret_key(path)


def _make_secret_key(path: Path) -> str:
    """Write a new key beside ``path`` and link it into place, so that concurrent first starts agree on one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(50))
    try:
        os.link(beside, path)
    except FileExistsError:
        # Another process was first; its key is the one to use.
        return path.read_text(encoding="ascii")
    finally:
        beside.unlink()
    return path.read_text(encoding="ascii")
