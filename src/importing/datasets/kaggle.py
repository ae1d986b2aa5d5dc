"""Kaggle's The Movies Dataset: metadata of TMDB, ratings by MovieLens ids, and the links between the two."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np

from importing.datasets.dataset import Dataset, Int64s, Kind, MovieRecord, RatingBlock, Reason, Skip
from importing.datasets.links import read_links
from importing.datasets.rating_files import RatingFile, read_rating_blocks
from importing.datasets.tables import Row, check_rows, read_csv, shorten
from importing.datasets.text_cleaning import (
    clean_names,
    clean_original_title,
    clean_poster_path,
    clean_text,
    title_fault,
)
from importing.errors import DatasetError
from movies.genres import TMDB_GENRES
from recommender.data.numbers import parse_date, parse_imdb_id, parse_positive_id, parse_runtime
from recommender.data.python_literals import Entry, parse_entries, parse_entry, split_entries

NAME = "the-movies-dataset"
METADATA, KEYWORDS, CREDITS = "movies_metadata.csv", "keywords.csv", "credits.csv"
CAST_SIZE = 10
Told = TypeVar("Told")
_METADATA_COLUMNS = (
    "id",
    "imdb_id",
    "title",
    "original_title",
    "genres",
    "release_date",
    "runtime",
    "overview",
    "poster_path",
)


class Selection(StrEnum):
    """Which of the two files of ratings."""

    SMALL = "small"
    FULL = "full"


RATING_FILES = {Selection.SMALL: "ratings_small.csv", Selection.FULL: "ratings.csv"}
# The small links still know some TMDB ids that the full ones have lost.
LINK_FILES = ("links.csv", "links_small.csv")


@dataclass(frozen=True, slots=True)
class _People:
    """Who made a film: its leading cast in order, and its directors."""

    cast: tuple[str, ...] = ()
    directors: tuple[str, ...] = ()


@dataclass
class KaggleDataset(Dataset):
    """The Movies Dataset. Films are named by TMDB id; ratings go through the links to it."""

    selection: Selection | None = None
    # Rows of side files that could not be read, told with the films once these have been read.
    _faults: list[Skip] = field(default_factory=list)

    def files(self) -> list[Path]:
        """Return the files that will be read."""
        ratings = [self.folder / RATING_FILES[self.selection]] if self.selection else []
        sides = [self.folder / name for name in (KEYWORDS, CREDITS) if (self.folder / name).exists()]
        return [self.folder / METADATA, *sides, *self._links_files, *ratings]

    def movies(self) -> Iterator[MovieRecord | Skip]:
        """Read the metadata, each film completed from the links, the keywords and the credits."""
        keywords = self._side(KEYWORDS, Kind.KEYWORDS, ("id", "keywords"), _keywords)
        people = self._side(CREDITS, Kind.CREDITS, ("id", "cast", "crew"), _people)
        rows = read_csv(self.folder / METADATA, kind=Kind.MOVIES, columns=_METADATA_COLUMNS, watch=self.watch)
        for row in rows:
            movie = row if isinstance(row, Skip) else _movie(row)
            if isinstance(movie, Skip):
                yield movie
                continue
            made_by = people.get(movie.key, _People())
            yield replace(
                movie,
                movielens_id=self._movielens_id(movie),
                keywords=keywords.get(movie.key, ()),
                cast=made_by.cast,
                directors=made_by.directors,
            )
        yield from self._faults

    def ratings(self) -> Iterator[RatingBlock]:
        """Read the ratings, their MovieLens ids turned into TMDB ids; those without one are left out."""
        if self.selection is None:
            return
        if not self._links_files:
            message = (
                f"{self.folder}: the ratings name films by MovieLens ids, which takes links.csv or links_small.csv. "
                "Add one of them, or import with --ratings none."
            )
            raise DatasetError(message)
        movielens_ids, tmdb_ids = self._links_arrays()
        for block in read_rating_blocks(RatingFile(self.folder / RATING_FILES[self.selection]), watch=self.watch):
            places = np.searchsorted(movielens_ids, block.movies).clip(max=len(movielens_ids) - 1)
            linked = movielens_ids[places] == block.movies
            skips = tuple(
                Skip(Kind.RATINGS, block.file, int(block.lines[row]), Reason.UNLINKED, f"movieId {block.movies[row]}")
                for row in np.flatnonzero(~linked)
            )
            yield replace(block, movies=tmdb_ids[places]).keep(linked, skips=skips)

    @cached_property
    def _links_files(self) -> list[Path]:
        return [self.folder / name for name in LINK_FILES if (self.folder / name).exists()]

    @cached_property
    def _links(self) -> dict[int, tuple[int, str | None]]:
        """TMDB and IMDb id by MovieLens id, for those that have a TMDB id."""
        links: dict[int, tuple[int, str | None]] = {}
        for path in self._links_files:
            for row in read_links(path, watch=self.watch):
                if isinstance(row, Skip):
                    self._faults.append(row)
                elif row.tmdb_id is not None:
                    links.setdefault(row.movielens_id, (row.tmdb_id, row.imdb_id))
        return links

    def _links_arrays(self) -> tuple[Int64s, Int64s]:
        pairs = sorted((movielens_id, tmdb_id) for movielens_id, (tmdb_id, _imdb_id) in self._links.items())
        # The impossible pair keeps look-ups in an empty table harmless.
        table = np.array(pairs or [(-1, -1)], dtype=np.int64)
        return table[:, 0].copy(), table[:, 1].copy()

    @cached_property
    def _movielens_ids(self) -> dict[int, list[tuple[int, str | None]]]:
        linked: dict[int, list[tuple[int, str | None]]] = {}
        for movielens_id, (tmdb_id, imdb_id) in self._links.items():
            linked.setdefault(tmdb_id, []).append((movielens_id, imdb_id))
        return linked

    def _movielens_id(self, movie: MovieRecord) -> int | None:
        """Return the film's MovieLens id; of several, the one that agrees on the IMDb id, else the first."""
        candidates = self._movielens_ids.get(movie.key, [])
        agreeing = [movielens_id for movielens_id, imdb_id in candidates if imdb_id == movie.imdb_id]
        return next(iter(agreeing or [movielens_id for movielens_id, _imdb_id in candidates]), None)

    def _side(
        self, name: str, kind: Kind, columns: tuple[str, ...], read: Callable[[Mapping[str, str]], Told]
    ) -> dict[int, Told]:
        """Read a file that adds to the films; a film's first row counts, and a missing file adds nothing."""
        told: dict[int, Told] = {}
        if not (self.folder / name).exists():
            return told
        count, faults = 0, []
        for row in read_csv(self.folder / name, kind=kind, columns=columns, watch=self.watch):
            count += 1
            fault = row if isinstance(row, Skip) else _tell(told, row, name, kind, read)
            if fault:
                faults.append(fault)
        if faults:
            check_rows(read=count, bad=len(faults), first=faults[0])
        self._faults += faults
        return told


def _tell(
    told: dict[int, Told], row: Row, name: str, kind: Kind, read: Callable[[Mapping[str, str]], Told]
) -> Skip | None:
    """Add to ``told`` what a row says of a film, or return why that is not possible."""
    line, values = row
    tmdb_id = parse_positive_id(values["id"])
    if tmdb_id is None:
        return Skip(kind, name, line, Reason.BAD_ID, shorten(values["id"]))
    try:
        told.setdefault(tmdb_id, read(values))
    except ValueError as error:
        return Skip(kind, name, line, Reason.BAD_LIST, str(error))
    return None


def _movie(row: Row) -> MovieRecord | Skip:
    line, values = row
    tmdb_id = parse_positive_id(values["id"])
    if tmdb_id is None:
        return Skip(Kind.MOVIES, METADATA, line, Reason.BAD_ID, shorten(values["id"]))
    title = clean_text(values["title"])
    fault = title_fault(title)
    if fault:
        return Skip(Kind.MOVIES, METADATA, line, fault, f"id {tmdb_id}")
    try:
        genres = clean_names(_names(parse_entries(values["genres"])))
    except ValueError as error:
        return Skip(Kind.MOVIES, METADATA, line, Reason.BAD_LIST, f"id {tmdb_id}, genres: {error}")
    released_at = parse_date(values["release_date"])
    return MovieRecord(
        file=METADATA,
        line=line,
        key=tmdb_id,
        title=title,
        tmdb_id=tmdb_id,
        imdb_id=parse_imdb_id(values["imdb_id"]),
        original_title=clean_original_title(values["original_title"]),
        released_at=released_at,
        year=released_at.year if released_at else None,
        runtime=parse_runtime(values["runtime"]),
        overview=clean_text(values["overview"]),
        poster_path=clean_poster_path(values["poster_path"]),
        genres=tuple(name for name in genres if name in TMDB_GENRES),
    )


def _names(entries: list[Entry]) -> list[str]:
    return [name for entry in entries if isinstance(name := entry.get("name"), str)]


def _keywords(values: Mapping[str, str]) -> tuple[str, ...]:
    return clean_names(_names(parse_entries(values["keywords"])))


def _people(values: Mapping[str, str]) -> _People:
    """Read the leads and the directors; the many other entries of a film are not even parsed."""
    leads = [entry for entry in _entries_with(values["cast"], _is_lead) if _order(entry) < CAST_SIZE]
    directors = [entry for entry in _entries_with(values["crew"], _is_director) if entry.get("job") == "Director"]
    return _People(
        cast=clean_names(_names(sorted(leads, key=_order)))[:CAST_SIZE], directors=clean_names(_names(directors))
    )


def _entries_with(text: str, wanted: Callable[[str], object]) -> list[Entry]:
    try:
        return [parse_entry(piece) for piece in split_entries(text) if wanted(piece)]
    except ValueError:
        return parse_entries(text)


_ORDER = re.compile(r"'order': (\d+)")


def _is_lead(piece: str) -> bool:
    found = _ORDER.search(piece)
    return found is None or int(found[1]) < CAST_SIZE


def _is_director(piece: str) -> bool:
    return "'Director'" in piece


def _order(entry: Entry) -> int:
    order = entry.get("order")
    return order if isinstance(order, int) else CAST_SIZE - 1
