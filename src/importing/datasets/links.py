"""MovieLens' table of its own, IMDb's and TMDB's numbers, which the Kaggle set also holds."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from importing.datasets.dataset import Kind, Reason, Skip, Watch
from importing.datasets.tables import Row, check_rows, read_csv, shorten
from recommender.data.numbers import parse_imdb_id, parse_positive_id

_COLUMNS = ("movieId", "imdbId", "tmdbId")


@dataclass(frozen=True, slots=True)
class Link:
    """One film's numbers."""

    movielens_id: int
    imdb_id: str | None
    tmdb_id: int | None


def read_links(path: Path, *, watch: Watch) -> Iterator[Link | Skip]:
    """Read a file of links; a blank number is none, anything else that is no number spoils the row.

    Raises:
        DatasetError: the file as a whole is unusable, or most of its rows are.

    """
    read, faults = 0, []
    for row in read_csv(path, kind=Kind.LINKS, columns=_COLUMNS, watch=watch):
        link = row if isinstance(row, Skip) else _link(row, path)
        read += 1
        if isinstance(link, Skip):
            faults.append(link)
        yield link
    if faults:
        check_rows(read=read, bad=len(faults), first=faults[0])


def _link(row: Row, path: Path) -> Link | Skip:
    line, values = row
    movielens_id = parse_positive_id(values["movieId"])
    imdb_id, tmdb_id = parse_imdb_id(values["imdbId"]), parse_positive_id(values["tmdbId"])
    if movielens_id is None or any(
        number is None and values[column].strip() for number, column in ((imdb_id, "imdbId"), (tmdb_id, "tmdbId"))
    ):
        return Skip(Kind.LINKS, path.name, line, Reason.BAD_ID, shorten(", ".join(values.values())))
    return Link(movielens_id, imdb_id, tmdb_id)
