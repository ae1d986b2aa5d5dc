"""The files of Kaggle's The Movies Dataset about movies, which hold lists as Python literals."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from recommender.data.field_values import parse_positive_id
from recommender.data.python_literals import Entry, parse_entries, parse_entry, split_entries
from recommender.data.tables import BadRow, OnRead, Problem, Row, read_csv, shorten

METADATA_CSV, KEYWORDS_CSV, CREDITS_CSV = "movies_metadata.csv", "keywords.csv", "credits.csv"
CAST_SIZE = 10
_ORDER = re.compile(r"'order': (\d+)")

Value = TypeVar("Value")


def read_by_tmdb_id(
    path: Path,
    *,
    columns: Iterable[str],
    parse: Callable[[Mapping[str, str]], Value],
    on_read: OnRead | None = None,
) -> Iterator[tuple[int, Value] | BadRow]:
    """Read the TMDB id of each row and what `parse` makes of its `columns`; a row is bad if `parse` raises ValueError.

    DataError if the file is unusable.
    """
    for row in read_csv(path, columns=("id", *columns), on_read=on_read):
        yield row if isinstance(row, BadRow) else _parse_row(row, parse)


def entry_names(entries: Iterable[Entry]) -> tuple[str, ...]:
    """Return the names of genres, keywords or people; entries without a name are left out."""
    return tuple(name for entry in entries if isinstance(name := entry.get("name"), str))


def parse_cast(text: str, *, below: int = sys.maxsize) -> tuple[str, ...]:
    """Return the cast whose order in the credits is less than `below`, leads first; ValueError if `text` is no list.

    The entries of the others are not even parsed.
    """

    def may_lead(piece: str) -> bool:
        found = _ORDER.search(piece)
        return found is None or int(found[1]) < below

    leads = [entry for entry in _parse_some(text, may_lead) if _order(entry) < below]
    return entry_names(sorted(leads, key=_order))


def parse_directors(text: str) -> tuple[str, ...]:
    """Return the directors in a crew; ValueError if `text` is no list."""
    crew = _parse_some(text, lambda piece: "'Director'" in piece)
    return entry_names(entry for entry in crew if entry.get("job") == "Director")


def _parse_row(row: Row, parse: Callable[[Mapping[str, str]], Value]) -> tuple[int, Value] | BadRow:
    tmdb_id = parse_positive_id(row.cells["id"])
    if tmdb_id is None:
        return BadRow(row.line, Problem.BAD_ID, shorten(row.cells["id"]))
    try:
        return tmdb_id, parse(row.cells)
    except ValueError as error:
        return BadRow(row.line, Problem.BAD_LIST, str(error))


def _parse_some(text: str, wanted: Callable[[str], bool]) -> list[Entry]:
    """Return the entries whose text is `wanted`, and others if the entries cannot be separated."""
    try:
        return [parse_entry(piece) for piece in split_entries(text) if wanted(piece)]
    except ValueError:
        return parse_entries(text)


def _order(entry: Entry) -> int:
    order = entry.get("order")
    return order if isinstance(order, int) else CAST_SIZE - 1
