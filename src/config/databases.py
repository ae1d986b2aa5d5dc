"""Turns a database address into Django's settings for it."""

from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured


def database_from_url(url: str) -> dict[str, Any]:
    """Return the settings of the PostgreSQL server at ``url``; any other kind of database is an error."""
    if not url.startswith(("postgres://", "postgresql://")):
        scheme = url.partition(":")[0]
        message = f"DATABASE_URL must start with postgres:// (Matinee runs on PostgreSQL alone), not {scheme!r}."
        raise ImproperlyConfigured(message)
    return {**dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True)}
