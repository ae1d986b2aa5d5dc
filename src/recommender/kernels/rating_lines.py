"""Ratings as lines of a CSV file, written digit by digit into memory; compiled, and parallel over users."""

import numba
import numpy as np

from recommender.arrays import AnyArray, Int32Array, Int64Array
from recommender.data.synthetic_model import SyntheticBlock

_ZERO, _COMMA, _POINT, _NEW_LINE = np.uint8(48), np.uint8(44), np.uint8(46), np.uint8(10)
# A comma before the stars, the three characters of the stars, the end of the line.
_FIXED_BYTES = 5
_MOST_DIGITS = 19


@numba.njit(cache=True, nogil=True, parallel=True)
def write_rating_lines(block: SyntheticBlock, text: AnyArray) -> int:
    """Write the lines `userId,movieId,rating[,timestamp]` of a block of users; return their length in bytes.

    `text`: uint8, long enough (`line_bytes` a rating); times must not be negative.
    """
    n_users = block.drawn.shape[0]
    ends = np.zeros(n_users + 1, dtype=np.int64)
    for row in numba.prange(n_users):
        ends[row + 1] = _length(block.first_user + row + 1, block.drawn[row], block.times[row])
    for row in range(n_users):
        ends[row + 1] += ends[row]
    for row in numba.prange(n_users):
        user_id, part = block.first_user + row + 1, text[ends[row] : ends[row + 1]]
        _write_user(user_id, block.drawn[row], block.halves[row], block.times[row], part)
    return int(ends[n_users])


def line_bytes(last_user: int, n_items: int) -> int:
    """Return the largest length of a line with ids up to these and any time."""
    return len(str(last_user)) + 1 + len(str(n_items)) + _FIXED_BYTES + 1 + _MOST_DIGITS


@numba.njit(cache=True, nogil=True)
def _length(user_id: int, drawn: Int32Array, times: Int64Array) -> int:
    length = drawn.size * (_digits(user_id) + 1 + _FIXED_BYTES)
    for item in drawn:
        length += _digits(item + 1)
    for time in times:
        length += 1 + _digits(time)
    return length


@numba.njit(cache=True, nogil=True)
def _write_user(user_id: int, drawn: Int32Array, halves: AnyArray, times: Int64Array, text: AnyArray) -> None:
    at = 0
    for place in range(drawn.size):
        at = _write_number(user_id, text, at)
        text[at] = _COMMA
        at = _write_number(drawn[place] + 1, text, at + 1)
        text[at] = _COMMA
        text[at + 1] = _ZERO + halves[place] // 2
        text[at + 2] = _POINT
        text[at + 3] = _ZERO + 5 * (halves[place] % 2)
        at += 4
        if times.size:
            text[at] = _COMMA
            at = _write_number(times[place], text, at + 1)
        text[at] = _NEW_LINE
        at += 1


@numba.njit(cache=True, nogil=True)
def _write_number(number: int, text: AnyArray, at: int) -> int:
    """Write `number` from `at` on and return where it ends."""
    end = at + _digits(number)
    for place in range(end - 1, at - 1, -1):
        text[place] = _ZERO + number % 10
        number //= 10
    return end


@numba.njit(cache=True, nogil=True)
def _digits(number: int) -> int:
    count, reach = 1, 10
    while number >= reach and count < _MOST_DIGITS:
        count, reach = count + 1, reach * 10
    return count
