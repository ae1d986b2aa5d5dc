"""The cache's way to the embedded Redis: a pool whose connections start the server before they connect."""

import socket
from typing import Any

import redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from embedded import ensure_redis, redis_recover


class Connection(redis.UnixDomainSocketConnection):
    """A connection to the embedded Redis."""

    def _connect(self) -> socket.socket:
        ensure_redis()
        try:
            return self._open()
        except OSError:
            if not redis_recover():
                raise
            return self._open()

    def _open(self) -> socket.socket:
        opened: socket.socket = super()._connect()  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
        return opened


class Pool(redis.ConnectionPool):
    """For the ``pool_class`` option of Django's Redis cache."""

    def __init__(self, **options: Any) -> None:
        # A connection that was open when the server went fails, and so may one that it still took; a later one is new.
        super().__init__(
            **{"retry": Retry(ExponentialBackoff(cap=0.5, base=0.02), 5), **options, "connection_class": Connection}
        )
