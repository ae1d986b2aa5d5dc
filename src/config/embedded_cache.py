"""The cache's connections to the embedded Redis: redis-py's own, which start the server before they connect."""

import socket
from typing import Any

import redis
from django.conf import settings
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from embedded import ensure_redis, redis_recover


class Connection(redis.UnixDomainSocketConnection):
    """A connection to the embedded Redis."""

    def _connect(self) -> socket.socket:
        ensure_redis(settings.VAR_DIR)
        try:
            return self._open()
        except OSError:
            if not redis_recover(settings.VAR_DIR):
                raise
            return self._open()

    def _open(self) -> socket.socket:
        opened: socket.socket = super()._connect()  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
        return opened


class Pool(redis.ConnectionPool):
    """The value of the ``pool_class`` option of Django's Redis cache."""

    def __init__(self, **options: Any) -> None:
        # After the server has ended, an open connection fails, and a connection that it still accepted may fail too.
        super().__init__(
            **{"retry": Retry(ExponentialBackoff(cap=0.5, base=0.02), 5), **options, "connection_class": Connection}
        )
