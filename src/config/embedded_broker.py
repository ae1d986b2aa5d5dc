"""Celery's way to the embedded Redis: kombu's Redis transport, starting the server before it connects."""

from typing import Self

from kombu.transport import redis

from embedded import ensure_redis


class Transport(redis.Transport):
    """The transport of ``embedded+socket://`` addresses; ``config.celery`` makes the scheme known to kombu."""

    def establish_connection(self) -> Self:
        """Connect; kombu comes here for the first connection and again after each lost one."""
        ensure_redis()
        return super().establish_connection()
