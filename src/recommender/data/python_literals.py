"""Lists of dictionaries that were written as Python literals, which is how the Kaggle files hold genres and people."""

import ast
from functools import lru_cache

Entry = dict[str, object]
_BETWEEN_ENTRIES = "}, {"


def parse_entries(text: str) -> list[Entry]:
    """Return the list of dictionaries that ``text`` spells; blank text is an empty list.

    Raises:
        ValueError: ``text`` is something else.

    """
    pieces = split_entries(text)
    try:
        return [parse_entry(piece) for piece in pieces]
    except ValueError:
        # The text between two entries also stands inside some string.
        return _whole_read(text)


def split_entries(text: str) -> list[str]:
    """Return the literals of the single entries, so that those of interest can be read alone.

    Raises:
        ValueError: ``text`` is no list.

    """
    stripped = text.strip()
    if not stripped:
        return []
    if not (stripped.startswith("[") and stripped.endswith("]")):
        message = "not a list"
        raise ValueError(message)
    inside = stripped[1:-1].strip()
    if not inside:
        return []
    if not (inside.startswith("{") and inside.endswith("}")):
        message = "not a list of dictionaries"
        raise ValueError(message)
    return [f"{{{piece}}}" for piece in inside[1:-1].split(_BETWEEN_ENTRIES)]


@lru_cache(maxsize=65_536)
def parse_entry(text: str) -> Entry:
    """Return the dictionary that ``text`` spells; the same keyword or genre comes again and again, so it is kept.

    Raises:
        ValueError: ``text`` is something else.

    """
    entry = _literal(text)
    if not isinstance(entry, dict):
        message = "not a dictionary"
        raise ValueError(message)  # noqa: TRY004  # The caller treats all unreadable text alike.
    return entry


def _whole_read(text: str) -> list[Entry]:
    entries = _literal(text)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        message = "not a list of dictionaries"
        raise ValueError(message)
    return entries


def _literal(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        message = "not a Python literal"
        raise ValueError(message) from error
