"""Celery's transport for the embedded Redis: kombu's own, which starts the server before it connects."""

from typing import Self

from django.conf import settings
from kombu.transport import redis

from embedded import ensure_redis


class Transport(redis.Transport):
    """The transport of ``embedded+socket://`` addresses; ``config.celery`` registers the scheme with kombu."""

    def establish_connection(self) -> Self:
        """Connect. kombu calls this for the first connection and again after each lost one."""
        ensure_redis(settings.VAR_DIR)
        return super().establish_connection()
