"""The settings of the database, the cache and the queue: real servers where an address is given, else embedded ones."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config.databases import database_from_url
from embedded import postgres_settings, redis_address

REDIS_CACHE = "django.core.cache.backends.redis.RedisCache"
REDIS_SCHEMES = {"redis", "rediss"}


def database_settings(url: str, *, var_dir: Path) -> dict[str, Any]:
    """Return Django's settings of the PostgreSQL at ``url``, or of the embedded one where ``url`` is empty."""
    return database_from_url(url) if url else postgres_settings(var_dir)


def broker_url(url: str, *, var_dir: Path) -> str:
    """Return Celery's address of the Redis at ``url``, or of the embedded one where ``url`` is empty."""
    if not url:
        return redis_address(var_dir).broker_url()
    _redis_database(url)
    return url


def cache_settings(url: str, *, var_dir: Path) -> dict[str, Any]:
    """Return Django's cache settings for the Redis at ``url``, or for the embedded one where ``url`` is empty.

    The cache lives in the database after the queue's, because clearing a Redis cache empties its whole database.
    """
    if not url:
        location = redis_address(var_dir).cache_url()
        return {"BACKEND": REDIS_CACHE, "LOCATION": location, "OPTIONS": {"pool_class": "config.embedded_cache.Pool"}}
    database = _redis_database(url) + 1
    return {"BACKEND": REDIS_CACHE, "LOCATION": urlsplit(url)._replace(path=f"/{database}").geturl()}


def _redis_database(url: str) -> int:
    """Return the database number that ends a Redis address."""
    parts = urlsplit(url)
    number = parts.path.strip("/") or "0"
    if parts.scheme not in REDIS_SCHEMES or not number.isdecimal():
        raise ImproperlyConfigured(f"REDIS_URL must look like redis://host:6379/0, not {url!r}.")
    return int(number)
