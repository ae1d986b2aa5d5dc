"""Lists of dictionaries written as Python literals, the form of genres and people in the Kaggle files."""

import ast
from functools import lru_cache

Entry = dict[str, object]
_BETWEEN_ENTRIES = "}, {"


def parse_entries(text: str) -> list[Entry]:
    """Return the list of dictionaries that ``text`` represents; blank text is an empty list.

    Raises:
        ValueError: ``text`` is something else.

    """
    pieces = split_entries(text)
    try:
        return [parse_entry(piece) for piece in pieces]
    except ValueError:
        # Some string contains the text that separates entries.
        return _parse_whole(text)


def split_entries(text: str) -> list[str]:
    """Return the literals of the entries, so that the ones of interest can be parsed alone.

    Raises:
        ValueError: ``text`` is no list.

    """
    stripped = text.strip()
    if not stripped:
        return []
    if not (stripped.startswith("[") and stripped.endswith("]")):
        raise ValueError("not a list")
    inside = stripped[1:-1].strip()
    if not inside:
        return []
    if not (inside.startswith("{") and inside.endswith("}")):
        raise ValueError("not a list of dictionaries")
    return [f"{{{piece}}}" for piece in inside[1:-1].split(_BETWEEN_ENTRIES)]


@lru_cache(maxsize=65_536)
def parse_entry(text: str) -> Entry:
    """Return the dictionary that ``text`` represents; results are cached, because keywords and genres repeat.

    Raises:
        ValueError: ``text`` is something else.

    """
    entry = _evaluate(text)
    if not isinstance(entry, dict):
        raise ValueError("not a dictionary")  # noqa: TRY004  # Callers treat all unreadable text the same way.
    return entry


def _parse_whole(text: str) -> list[Entry]:
    entries = _evaluate(text)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError("not a list of dictionaries")
    return entries


def _evaluate(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise ValueError("not a Python literal") from error
