"""A catalogue of films with trailers: ``movies.csv`` (id, name, poster path, type) and ``trailers.csv``.

The ids of the films start at 0 and mean nothing elsewhere. Both files may lack a header.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from importing.datasets.dataset import Dataset, Kind, MovieRecord, Reason, Skip, Trailer
from importing.datasets.text_cleaning import clean_original_title, clean_poster_path, clean_text, title_fault
from movies.genres import translate_genres
from recommender.data.field_values import parse_id, parse_title
from recommender.data.movielens_files import MOVIES_CSV
from recommender.data.tables import Row, read_rows, shorten

TRAILERS_CSV = "trailers.csv"
MOVIE_COLUMNS = ("id", "name", "poster path", "type")
TRAILER_COLUMNS = ("youtube_id", "movie")
_YOUTUBE_ID = re.compile(r"[\w-]{6,20}", re.ASCII)
_BETWEEN_GENRES = re.compile(r"[|,]")


@dataclass
class TrailerCatalogue(Dataset):
    """Films and their trailers, without ratings."""

    def files(self) -> list[Path]:
        """Return the files that will be read."""
        return [self.folder / MOVIES_CSV, self.folder / TRAILERS_CSV]

    def movies(self) -> Iterator[MovieRecord | Skip]:
        """Read the films, whose names end in the year."""
        for row in self._rows(MOVIES_CSV, Kind.MOVIES, MOVIE_COLUMNS):
            yield row if isinstance(row, Skip) else _movie(row)

    def trailers(self) -> Iterator[Trailer | Skip]:
        """Read the trailers."""
        for row in self._rows(TRAILERS_CSV, Kind.TRAILERS, TRAILER_COLUMNS):
            yield row if isinstance(row, Skip) else _trailer(row)

    def _rows(self, name: str, kind: Kind, columns: Sequence[str]) -> Iterator[Row | Skip]:
        for row in read_rows(self.folder / name, columns=columns, on_read=self.on_read):
            yield row if isinstance(row, Row) else Skip.from_bad_row(kind, name, row)


def _movie(row: Row) -> MovieRecord | Skip:
    line, values = row
    key = parse_id(values["id"])
    if key is None:
        return Skip(Kind.MOVIES, MOVIES_CSV, line, Reason.BAD_ID, shorten(values["id"]))
    parsed = parse_title(clean_text(values["name"]))
    fault = title_fault(parsed.title)
    if fault:
        return Skip(Kind.MOVIES, MOVIES_CSV, line, fault, f"id {key}")
    return MovieRecord(
        file=MOVIES_CSV,
        line=line,
        key=key,
        title=parsed.title,
        original_title=clean_original_title(parsed.original_title),
        year=parsed.year,
        poster_path=clean_poster_path(values["poster path"]),
        genres=translate_genres(tuple(_BETWEEN_GENRES.split(values["type"]))),
    )


def _trailer(row: Row) -> Trailer | Skip:
    line, values = row
    movie = parse_id(values["movie"])
    if movie is None:
        return Skip(Kind.TRAILERS, TRAILERS_CSV, line, Reason.BAD_MOVIE, shorten(values["movie"]))
    youtube_id = values["youtube_id"].strip()
    if not _YOUTUBE_ID.fullmatch(youtube_id):
        return Skip(Kind.TRAILERS, TRAILERS_CSV, line, Reason.BAD_TRAILER, shorten(youtube_id))
    return Trailer(TRAILERS_CSV, line, movie, youtube_id)
