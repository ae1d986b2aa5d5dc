import threading
from collections.abc import Iterator

import pytest

from postgres.prefetch import prefetch


def test_items_come_in_order_and_all_of_them() -> None:
    assert list(prefetch(iter(range(100)), depth=2)) == list(range(100))


def test_items_are_made_before_they_are_asked_for() -> None:
    made = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        made.set()
        yield 2

    ahead = prefetch(items(), depth=2)
    assert next(ahead) == 1
    assert made.wait(timeout=30)
    assert list(ahead) == [2]


def test_errors_come_after_the_items_before_them() -> None:
    def items() -> Iterator[int]:
        yield 1
        message = "torn"
        raise ValueError(message)

    ahead = prefetch(items(), depth=2)
    assert next(ahead) == 1
    with pytest.raises(ValueError, match="torn"):
        next(ahead)


def test_nothing_more_is_made_once_the_reader_has_left() -> None:
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
