"""PostgreSQL and Redis that start with the first process that needs them and stop after the last one.

``ensure_postgres`` and ``ensure_redis`` are all that other code needs. Addresses follow from ``VAR_DIR`` alone, so
settings may name them before any server runs.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    "postgres_settings",
    "redis_address",
    "redis_recover",
    "settings_var_dir",
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
    """How to reach the embedded Redis over its socket ``path``."""

    path: str

    def broker_url(self, database: int = 0) -> str:
        """Return the address as Celery wants it; the scheme is that of ``config.embedded_broker``."""
        return f"embedded+socket://{self.path}?virtual_host={database}"

    def cache_url(self, database: int = 1) -> str:
        """Return the address as redis-py and Django's cache want it."""
        return f"unix://{self.path}?db={database}"


def postgres_address(var_dir: Path) -> PostgresAddress:
    """Return the address of the PostgreSQL under ``var_dir``, whether it runs or not."""
    return PostgresAddress(host=str(postgres_layout(var_dir).socket_directory), port=POSTGRES_PORT)


def redis_address(var_dir: Path) -> RedisAddress:
    """Return the address of the Redis under ``var_dir``, whether it runs or not."""
    return RedisAddress(path=str(redis_layout(var_dir).socket))


def postgres_settings(var_dir: Path) -> dict[str, Any]:
    """Return Django's settings of the database under ``var_dir``; nothing starts before the first connection."""
    address = postgres_address(var_dir)
    return {
        "ENGINE": "config.database",
        "NAME": address.name,
        "USER": address.user,
        "PASSWORD": "",
        "HOST": address.host,
        "PORT": str(address.port),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def ensure_postgres(var_dir: Path | None = None) -> PostgresAddress:
    """Return the address of a PostgreSQL that takes connections, under ``var_dir`` or else the settings' ``VAR_DIR``.

    It runs at least until this process has ended. Raises ``EmbeddedServiceError`` where it cannot.
    """
    folder = var_dir or settings_var_dir()
    embedded_server("postgres", folder).ensure()
    return postgres_address(folder)


def ensure_redis(var_dir: Path | None = None) -> RedisAddress:
    """Return the address of a Redis that takes connections, under ``var_dir`` or else the settings' ``VAR_DIR``.

    It runs at least until this process has ended. Raises ``EmbeddedServiceError`` where it cannot.
    """
    folder = var_dir or settings_var_dir()
    embedded_server("redis", folder).ensure()
    return redis_address(folder)


def postgres_recover(var_dir: Path | None = None) -> bool:
    """After a refused connection: return True once a PostgreSQL that had gone runs again, False where it never went."""
    return embedded_server("postgres", var_dir or settings_var_dir()).recover()


def redis_recover(var_dir: Path | None = None) -> bool:
    """After a refused connection: return True once a Redis that had gone runs again, False where it never went."""
    return embedded_server("redis", var_dir or settings_var_dir()).recover()


def settings_var_dir() -> Path:
    """Return the ``VAR_DIR`` of Django's settings."""
    from django.conf import settings  # noqa: PLC0415 the supervisor runs without Django's settings

    return Path(settings.VAR_DIR)
