"""System checks of combinations of settings, which ``manage.py check`` and ``migrate`` run."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 - Django's own name for it.

from config.servers import EMBEDDED_ENGINE

SECRET_KEY_MIN_LENGTH = 50
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})


@register("security")
def secret_key_check(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """E001: without DEBUG, a secret key that can be guessed lets anybody forge sessions."""
    if settings.DEBUG or len(settings.SECRET_KEY) >= SECRET_KEY_MIN_LENGTH:
        return []
    return [
        Error(
            f"SECRET_KEY has {len(settings.SECRET_KEY)} characters; it needs {SECRET_KEY_MIN_LENGTH} or more.",
            hint="Leave SECRET_KEY unset to generate one under VAR_DIR, or use: openssl rand -base64 48",
            id="matinee.E001",
        )
    ]


@register("security")
def https_check(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """E002, W002, W003: the site itself serves plain HTTP, so HTTPS needs a proxy in front of it."""
    behind_proxy = settings.SECURE_PROXY_SSL_HEADER is not None
    https = settings.SECURE_SSL_REDIRECT
    found: list[CheckMessage] = []
    if https and not behind_proxy:
        found.append(
            Error(
                "HTTPS is on but BEHIND_PROXY is off: each request would redirect to itself.",
                hint="Use a proxy that terminates TLS and sets X-Forwarded-Proto, and set BEHIND_PROXY=true.",
                id="matinee.E002",
            )
        )
    if behind_proxy and not https:
        found.append(
            Warning(
                "BEHIND_PROXY is on but HTTPS is off: session cookies may travel unencrypted.",
                hint="Set HTTPS=true if the proxy terminates TLS, else leave BEHIND_PROXY unset.",
                id="matinee.W002",
            )
        )
    if settings.SECURE_HSTS_SECONDS and not https:
        found.append(
            Warning(
                "HSTS_SECONDS has no effect while HTTPS is off.",
                hint="Set HTTPS=true, or leave HSTS_SECONDS unset.",
                id="matinee.W003",
            )
        )
    return found


@register("security")
def hosts_check(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """W001, W004: the site is open to others than its users expect."""
    found: list[CheckMessage] = []
    if "*" in settings.ALLOWED_HOSTS and not settings.DEBUG:
        found.append(
            Warning(
                "ALLOWED_HOSTS is *: attackers can make the links in password e-mails point to another site.",
                hint="List the host names of the site, as in ALLOWED_HOSTS=films.example.org.",
                id="matinee.W001",
            )
        )
    if settings.DEBUG and not LOCAL_HOSTS.issuperset(settings.ALLOWED_HOSTS):
        found.append(
            Warning(
                "DEBUG is on while ALLOWED_HOSTS names other machines: error pages reveal source code and settings.",
                hint="Set DEBUG=false if others can reach the site.",
                id="matinee.W004",
            )
        )
    return found


@register("database", deploy=True)
def servers_check(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """W005: only one machine can use an embedded queue, but several can use a database server."""
    if settings.DATABASES["default"]["ENGINE"] == EMBEDDED_ENGINE or settings.REDIS_URL:
        return []
    return [
        Warning(
            "DATABASE_URL is set but REDIS_URL is not: only processes on this machine share the task queue.",
            hint="Set REDIS_URL if workers run on other machines; on one machine the embedded Redis is sufficient.",
            id="matinee.W005",
        )
    ]
