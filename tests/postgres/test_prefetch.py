import threading
from collections.abc import Iterator

import pytest

from postgres.prefetch import prefetch


def test_all_items_come_in_order() -> None:
    assert list(prefetch(iter(range(100)), depth=2)) == list(range(100))


def test_items_are_made_in_advance() -> None:
    made = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        made.set()
        yield 2

    ahead = prefetch(items(), depth=2)
    assert next(ahead) == 1
    assert made.wait(timeout=30)
    assert list(ahead) == [2]


def test_error_is_raised_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        message = "torn"
        raise ValueError(message)

    ahead = prefetch(items(), depth=2)
    assert next(ahead) == 1
    with pytest.raises(ValueError, match="torn"):
        next(ahead)


def test_production_stops_when_the_consumer_leaves() -> None:
    ended = threading.Event()

    def items() -> Iterator[int]:
        try:
            yield from range(1_000_000)
        finally:
            ended.set()

    ahead = prefetch(items(), depth=2)
    next(ahead)
    ahead.close()  # type: ignore[attr-defined]  # It is a generator.

    assert ended.wait(timeout=30)
