"""Settings of the database, the cache and the queue: your own servers where an address is given, else embedded ones."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from embedded import postgres_address, redis_address

EMBEDDED_ENGINE = "config.embedded_database"
REDIS_CACHE = "django.core.cache.backends.redis.RedisCache"
REDIS_SCHEMES = {"redis", "rediss"}
_REUSE_CONNECTIONS = {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}


def database_settings(url: str, *, var_dir: Path) -> dict[str, Any]:
    """Return Django's settings of the PostgreSQL at ``url``, or of the embedded one if ``url`` is empty.

    Raises ``ImproperlyConfigured`` for any other kind of database. An embedded server starts with the first connection.
    """
    if not url:
        address = postgres_address(var_dir)
        location = {"HOST": address.host, "PORT": str(address.port), "USER": address.user, "NAME": address.name}
        return {"ENGINE": EMBEDDED_ENGINE, "PASSWORD": "", **location, **_REUSE_CONNECTIONS}
    if not url.startswith(("postgres://", "postgresql://")):
        scheme = url.partition(":")[0]
        message = f"DATABASE_URL must start with postgres:// (Matinee runs on PostgreSQL alone), not {scheme!r}."
        raise ImproperlyConfigured(message)
    return {**dj_database_url.parse(url), **_REUSE_CONNECTIONS}


def broker_url(url: str, *, var_dir: Path) -> str:
    """Return Celery's address of the Redis at ``url``, or of the embedded one if ``url`` is empty.

    ``config.celery`` registers the scheme ``embedded+socket``. Raises ``ImproperlyConfigured`` for a wrong address.
    """
    if not url:
        return f"embedded+socket://{redis_address(var_dir).path}?virtual_host=0"
    _redis_database(url)
    return url


def cache_settings(url: str, *, var_dir: Path) -> dict[str, Any]:
    """Return Django's cache settings for the Redis at ``url``, or for the embedded one if ``url`` is empty.

    The cache uses the database after the queue's, because clearing a Redis cache empties its whole database.
    """
    if not url:
        location = redis_address(var_dir).url(database=1)
        return {"BACKEND": REDIS_CACHE, "LOCATION": location, "OPTIONS": {"pool_class": "config.embedded_cache.Pool"}}
    database = _redis_database(url) + 1
    return {"BACKEND": REDIS_CACHE, "LOCATION": urlsplit(url)._replace(path=f"/{database}").geturl()}


def _redis_database(url: str) -> int:
    """Return the database number at the end of a Redis address."""
    parts = urlsplit(url)
    number = parts.path.strip("/") or "0"
    if parts.scheme not in REDIS_SCHEMES or not number.isdecimal():
        raise ImproperlyConfigured(f"REDIS_URL must look like redis://host:6379/0, not {url!r}.")
    return int(number)
