"""Numbers and dates as data sets spell them; every function returns ``None`` for anything else."""

import re
from datetime import date

from recommender.data.titles import FIRST_YEAR, LAST_YEAR

_LARGEST_ID = 2**31 - 1
_LARGEST_RUNTIME = 2**15 - 1
_IMDB_DIGITS = 7
_IMDB_MOST_DIGITS = 10
# No more digits than always fit into 64 bits.
_INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)


def parse_integer(text: str) -> int | None:
    """Return a whole number of any meaning."""
    digits = text.strip()
    return int(digits) if _INTEGER.fullmatch(digits) else None


def parse_id(text: str) -> int | None:
    """Return a film's number."""
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit()):
        return None
    number = int(digits)
    return number if number <= _LARGEST_ID else None


def parse_positive_id(text: str) -> int | None:
    """Return a film's number; 0 stands for none."""
    return parse_id(text) or None


def parse_imdb_id(text: str) -> str | None:
    """Return an IMDb id with ``tt`` and at least seven digits; the text may lack ``tt`` and leading zeros."""
    digits = text.strip().removeprefix("tt").lstrip("0")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > _IMDB_MOST_DIGITS:
        return None
    return f"tt{digits.zfill(_IMDB_DIGITS)}"


def parse_runtime(text: str) -> int | None:
    """Return minutes; 0 stands for unknown."""
    try:
        minutes = float(text)
    except ValueError:
        return None
    return int(minutes) if 1 <= minutes <= _LARGEST_RUNTIME else None


def parse_date(text: str) -> date | None:
    """Return a date written as 1995-10-30."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None
