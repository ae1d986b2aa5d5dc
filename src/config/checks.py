"""System checks of settings that are each valid and wrong together. ``manage.py check`` and ``migrate`` run them."""

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
    """E001: outside DEBUG a key that can be guessed lets anybody forge a log-in."""
    if settings.DEBUG or len(settings.SECRET_KEY) >= SECRET_KEY_MIN_LENGTH:
        return []
    return [
        Error(
            f"SECRET_KEY has {len(settings.SECRET_KEY)} characters; it needs {SECRET_KEY_MIN_LENGTH} or more.",
            hint="Leave SECRET_KEY unset to have one made and kept under VAR_DIR, or take: openssl rand -base64 48",
            id="matinee.E001",
        )
    ]


@register("security")
def https_check(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """E002, W002, W003: the site itself speaks plain HTTP, so HTTPS needs a proxy that says so."""
    behind_proxy = settings.SECURE_PROXY_SSL_HEADER is not None
    https = settings.SECURE_SSL_REDIRECT
    found: list[CheckMessage] = []
    if https and not behind_proxy:
        found.append(
            Error(
                "HTTPS is on but BEHIND_PROXY is off: each request would be redirected to itself for ever.",
                hint="Put a proxy in front that ends TLS and sets X-Forwarded-Proto, and set BEHIND_PROXY=true.",
                id="matinee.E002",
            )
        )
    if behind_proxy and not https:
        found.append(
            Warning(
                "BEHIND_PROXY is on but HTTPS is off: session cookies may travel unencrypted.",
                hint="Set HTTPS=true if the proxy ends TLS, else leave BEHIND_PROXY unset.",
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
    """W001, W004: who may reach the site, and what they may see."""
    found: list[CheckMessage] = []
    if "*" in settings.ALLOWED_HOSTS and not settings.DEBUG:
        found.append(
            Warning(
                "ALLOWED_HOSTS is *: links in password letters can be made to point to somebody else's site.",
                hint="Name the hosts that the site answers to, as in ALLOWED_HOSTS=films.example.org.",
                id="matinee.W001",
            )
        )
    if settings.DEBUG and not LOCAL_HOSTS.issuperset(settings.ALLOWED_HOSTS):
        found.append(
            Warning(
                "DEBUG is on while ALLOWED_HOSTS names more than this machine: error pages show the site's insides.",
                hint="Set DEBUG=false wherever others can reach the site.",
                id="matinee.W004",
            )
        )
    return found


@register("database", deploy=True)
def servers_check(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """W005: an embedded queue is seen by one machine only, a database server perhaps by many."""
    if settings.DATABASES["default"]["ENGINE"] == EMBEDDED_ENGINE or settings.REDIS_URL:
        return []
    return [
        Warning(
            "DATABASE_URL names a server but REDIS_URL does not: only processes of this machine share the task queue.",
            hint="Set REDIS_URL when workers run elsewhere; on one machine the embedded Redis will do.",
            id="matinee.W005",
        )
    ]
