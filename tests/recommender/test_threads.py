import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from recommender.threads import map_ahead, map_in_order


def test_blocks_come_in_order() -> None:
    assert list(map_in_order(lambda start: start**2, range(0, 50, 5), 3)) == [start**2 for start in range(0, 50, 5)]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives threads priorities of their own")
def test_blocks_leave_the_processor_to_others_and_the_caller_keeps_its_priority() -> None:
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    (inside,) = map_in_order(lambda _: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()), [0], 1)

    assert inside == max(before, 10)
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before


def test_items_are_consumed_no_further_than_requested() -> None:
    drawn: list[int] = []

    def items() -> Iterator[int]:
        for item in range(10):
            drawn.append(item)
            yield item

    with ThreadPoolExecutor(2) as pool:
        squares = map_ahead(pool, lambda item: item**2, items(), ahead=2)
        assert next(squares) == 0
        assert drawn == [0, 1, 2]
        assert list(squares) == [item**2 for item in range(1, 10)]
