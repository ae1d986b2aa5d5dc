"""Embedded PostgreSQL and Redis servers that start on demand and stop after their last user.

A server lives in a folder, ``var_dir``, and processes on the same folder share it. Start with ``ensure_postgres`` and
``ensure_redis``, which other code calls before it connects; ``client`` starts the ``supervisor``, which runs a
``Server``. The addresses follow from the folder alone, so settings can name them before any server runs.

This package imports none of ours and no Django. ``config`` connects Django and Celery to it.
"""

from dataclasses import dataclass
from pathlib import Path

from embedded.client import embedded_server
from embedded.errors import EmbeddedServiceError
from embedded.layout import POSTGRES_PORT, postgres_layout, redis_layout

__all__ = [
    "EmbeddedServiceError",
    "PostgresAddress",
    "RedisAddress",
    "ensure_postgres",
    "ensure_redis",
    "postgres_address",
    "postgres_recover",
    "redis_address",
    "redis_recover",
]


@dataclass(frozen=True)
class PostgresAddress:
    """How to reach the embedded PostgreSQL: ``host`` is the folder of its socket."""

    host: str
    port: int
    user: str = "matinee"
    name: str = "matinee"


@dataclass(frozen=True)
class RedisAddress:
    """How to reach the embedded Redis: ``path`` is its socket."""

    path: str

    def url(self, *, database: int) -> str:
        """Return the address as redis-py and Django's cache expect it."""
        return f"unix://{self.path}?db={database}"


def postgres_address(var_dir: Path) -> PostgresAddress:
    """Return the address of the PostgreSQL under ``var_dir``, whether it runs or not."""
    return PostgresAddress(host=str(postgres_layout(var_dir).socket_directory), port=POSTGRES_PORT)


def redis_address(var_dir: Path) -> RedisAddress:
    """Return the address of the Redis under ``var_dir``, whether it runs or not."""
    return RedisAddress(path=str(redis_layout(var_dir).socket))


def ensure_postgres(var_dir: Path) -> None:
    """Return once the PostgreSQL under ``var_dir`` accepts connections; start it if it is not running.

    It runs at least until this process ends. Raises ``EmbeddedServiceError`` if it cannot run.
    """
    embedded_server("postgres", var_dir).ensure()


def ensure_redis(var_dir: Path) -> None:
    """Return once the Redis under ``var_dir`` accepts connections; start it if it is not running.

    It runs at least until this process ends. Raises ``EmbeddedServiceError`` if it cannot run.
    """
    embedded_server("redis", var_dir).ensure()


def postgres_recover(var_dir: Path) -> bool:
    """Restart PostgreSQL after a failed connection; return False if it had never stopped."""
    return embedded_server("postgres", var_dir).recover()


def redis_recover(var_dir: Path) -> bool:
    """Restart Redis after a failed connection; return False if it had never stopped."""
    return embedded_server("redis", var_dir).recover()
