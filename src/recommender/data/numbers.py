"""Numbers and dates as data sets spell them; what is no such thing is ``None``."""

from datetime import date

from recommender.data.titles import FIRST_YEAR, LAST_YEAR

_LARGEST_ID = 2**31 - 1
_LARGEST_RUNTIME = 2**15 - 1
_IMDB_DIGITS = 7
_IMDB_MOST_DIGITS = 10


def parse_id(text: str) -> int | None:
    """Return a film's number."""
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit()):
        return None
    number = int(digits)
    return number if number <= _LARGEST_ID else None


def parse_positive_id(text: str) -> int | None:
    """Return a film's number where 0 stands for none."""
    return parse_id(text) or None


def parse_imdb_id(text: str) -> str | None:
    """Return an IMDb id with its ``tt`` and at least seven digits, given it in full or as digits alone."""
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
