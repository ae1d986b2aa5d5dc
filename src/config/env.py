"""Strict readers of environment variables, which can also read a secret from the file that ``<NAME>_FILE`` names."""

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
    """Return a boolean variable. Raises ``ImproperlyConfigured`` for any other value."""
    try:
        return bool(env.bool(name, default))
    except EnvError as error:
        message = f"{name} must be true or false, not {os.environ.get(name)!r}."
        raise ImproperlyConfigured(message) from error


def read_text(name: str, *, default: str) -> str:
    """Return a text variable, or the content of the file that ``<name>_FILE`` names.

    Raises ``ImproperlyConfigured`` if the file cannot be read.
    """
    try:
        return str(env.str(name, default))
    except ValueError as error:
        message = f"{name}_FILE must name a readable file, not {os.environ.get(name + '_FILE')!r}."
        raise ImproperlyConfigured(message) from error


def read_integer(name: str, *, default: int, minimum: int = 0) -> int:
    """Return an integer variable. Raises ``ImproperlyConfigured`` if it is not an integer of at least ``minimum``."""
    message = f"{name} must be a whole number of at least {minimum}, not {os.environ.get(name)!r}."
    try:
        value = int(env.int(name, default))
    except EnvError as error:
        raise ImproperlyConfigured(message) from error
    if value < minimum:
        raise ImproperlyConfigured(message)
    return value


def read_choice(name: str, *, default: str, choices: Sequence[str]) -> str:
    """Return a variable in upper case. Raises ``ImproperlyConfigured`` if it is not one of ``choices``."""
    value = read_text(name, default=default).upper()
    if value not in choices:
        message = f"{name} must be one of {', '.join(choices)}, not {os.environ.get(name)!r}."
        raise ImproperlyConfigured(message)
    return value


def read_time_zone(name: str, *, default: str) -> str:
    """Return the name of a time zone. Raises ``ImproperlyConfigured`` if this machine does not know it."""
    value = read_text(name, default=default)
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = f"{name} must be a time zone like Europe/Prague, not {value!r}."
        raise ImproperlyConfigured(message) from error
    return value


def read_list(name: str, *, default: list[str]) -> list[str]:
    """Return a comma-separated variable as a list without blank items."""
    raw = os.environ.get(name)
    if raw is None:
        return default
    return [part.strip() for part in raw.split(",") if part.strip()]


def read_directory(name: str, *, default: Path) -> Path:
    """Return the absolute path of a folder. A relative path starts at the root of the project."""
    raw = os.environ.get(name)
    return default if not raw else (PROJECT_ROOT / raw).resolve()


def read_secret_key(var_dir: Path) -> str:
    """Return ``SECRET_KEY``, or a generated key that is kept under ``var_dir``, readable only by its owner."""
    given = read_text("SECRET_KEY", default="")
    if given:
        return given
    path = var_dir / "secret_key"
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        return _make_secret_key(path)


def _make_secret_key(path: Path) -> str:
    """Write a new key to a temporary file and link it to ``path``, so that concurrent first starts use the same key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(50))
    try:
        os.link(beside, path)
    except FileExistsError:
        # Another process was first; use its key.
        return path.read_text(encoding="ascii")
    finally:
        beside.unlink()
    return path.read_text(encoding="ascii")
