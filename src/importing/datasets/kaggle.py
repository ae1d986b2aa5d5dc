"""Kaggle's The Movies Dataset: films by TMDB id, ratings by MovieLens id, and the links between the two."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np

from importing.datasets.dataset import (
    Dataset,
    Kind,
    MovieRecord,
    RatingBlock,
    RatingChoice,
    Reason,
    Skip,
    good_rows,
)
from importing.datasets.rating_files import read_rating_blocks
from importing.datasets.text_cleaning import (
    clean_names,
    clean_original_title,
    clean_poster_path,
    clean_text,
    title_fault,
)
from importing.errors import DatasetError
from movies.genres import TMDB_GENRES
from recommender.data import kaggle_files
from recommender.data.field_values import parse_date, parse_imdb_id, parse_positive_id, parse_runtime
from recommender.data.movielens_files import read_links
from recommender.data.python_literals import parse_entries
from recommender.data.tables import BadRow, Row, read_csv, shorten
from recommender.data.vocabulary import UNKNOWN, Vocabulary

NAME = "the-movies-dataset"
Value = TypeVar("Value")
_Names = tuple[str, ...]
_NAMES = ("id", "imdb_id", "title", "original_title")
_METADATA_COLUMNS = (*_NAMES, "genres", "release_date", "runtime", "overview", "poster_path")
RATING_FILES = {RatingChoice.SMALL: "ratings_small.csv", RatingChoice.FULL: "ratings.csv"}
# The small file still has some TMDB ids that the full one has lost.
LINK_FILES = ("links.csv", "links_small.csv")


@dataclass
class KaggleDataset(Dataset):
    """The Movies Dataset. The key of a film is its TMDB id, to which the links map the ids in the ratings."""

    rating_choice: RatingChoice | None = None
    # Bad rows of the side files, reported once the films have been read.
    _faults: list[Skip] = field(default_factory=list)

    def files(self) -> list[Path]:
        """Return the files that will be read."""
        ratings = [self.folder / RATING_FILES[self.rating_choice]] if self.rating_choice else []
        names = (kaggle_files.KEYWORDS_CSV, kaggle_files.CREDITS_CSV)
        sides = [self.folder / name for name in names if (self.folder / name).exists()]
        return [self.folder / kaggle_files.METADATA_CSV, *sides, *self._links_files, *ratings]

    def movies(self) -> Iterator[MovieRecord | Skip]:
        """Read the metadata, each film completed from the links, the keywords and the credits."""
        keywords = self._read_side_file(kaggle_files.KEYWORDS_CSV, Kind.KEYWORDS, ("keywords",), _keywords)
        credits_of = self._read_side_file(kaggle_files.CREDITS_CSV, Kind.CREDITS, ("cast", "crew"), _credits)
        for row in read_csv(self.folder / kaggle_files.METADATA_CSV, columns=_METADATA_COLUMNS, on_read=self.on_read):
            movie = _parse_movie(row)
            if isinstance(movie, Skip):
                yield movie
                continue
            cast, directors = credits_of.get(movie.key, ((), ()))
            yield replace(
                movie,
                movielens_id=self._movielens_id(movie),
                keywords=keywords.get(movie.key, ()),
                cast=cast,
                directors=directors,
            )
        yield from self._faults

    def ratings(self) -> Iterator[RatingBlock]:
        """Read the ratings, their MovieLens ids turned into TMDB ids; those without one are left out."""
        if self.rating_choice is None:
            return
        if not self._links_files:
            raise DatasetError(
                f"{self.folder}: the ratings name films by MovieLens ids, which takes links.csv or links_small.csv. "
                "Add one of them, or import with --ratings none."
            )
        links = sorted(self._links.items())
        movielens_ids = Vocabulary(np.array([movielens_id for movielens_id, _ in links], dtype=np.int64))
        # Films without a link have position -1 and take the last value.
        tmdb_ids = np.array([*(tmdb_id for _, (tmdb_id, _) in links), -1], dtype=np.int64)
        for block in read_rating_blocks(self.folder / RATING_FILES[self.rating_choice], on_read=self.on_read):
            positions = movielens_ids.positions(block.movies)
            skips = tuple(
                Skip(Kind.RATINGS, block.file, int(block.lines[row]), Reason.UNLINKED, f"movieId {block.movies[row]}")
                for row in np.flatnonzero(positions == UNKNOWN)
            )
            yield replace(block, movies=tmdb_ids[positions]).keep(positions != UNKNOWN, skips=skips)

    @cached_property
    def _links_files(self) -> list[Path]:
        return [self.folder / name for name in LINK_FILES if (self.folder / name).exists()]

    @cached_property
    def _links(self) -> dict[int, tuple[int, str | None]]:
        """TMDB and IMDb id by MovieLens id, for those that have a TMDB id."""
        links: dict[int, tuple[int, str | None]] = {}
        for path in self._links_files:
            for link in good_rows(read_links(path, on_read=self.on_read), Kind.LINKS, path.name, self._faults):
                if link.tmdb_id is not None:
                    links.setdefault(link.movielens_id, (link.tmdb_id, link.imdb_id))
        return links

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

    def _read_side_file(
        self, name: str, kind: Kind, columns: tuple[str, ...], parse: Callable[[Mapping[str, str]], Value]
    ) -> dict[int, Value]:
        """Read a file with more values of films; the first row of a film counts, and the file may be missing."""
        values: dict[int, Value] = {}
        path = self.folder / name
        if not path.exists():
            return values
        rows = kaggle_files.read_by_tmdb_id(path, columns=columns, parse=parse, on_read=self.on_read)
        for tmdb_id, value in good_rows(rows, kind, name, self._faults):
            values.setdefault(tmdb_id, value)
        return values


def _parse_movie(row: Row | BadRow) -> MovieRecord | Skip:
    if isinstance(row, BadRow):
        return Skip.from_bad_row(Kind.MOVIES, kaggle_files.METADATA_CSV, row)
    line, values = row
    tmdb_id = parse_positive_id(values["id"])
    if tmdb_id is None:
        return Skip(Kind.MOVIES, kaggle_files.METADATA_CSV, line, Reason.BAD_ID, shorten(values["id"]))
    title = clean_text(values["title"])
    fault = title_fault(title)
    if fault:
        return Skip(Kind.MOVIES, kaggle_files.METADATA_CSV, line, fault, f"id {tmdb_id}")
    try:
        genres = clean_names(kaggle_files.entry_names(parse_entries(values["genres"])))
    except ValueError as error:
        return Skip(Kind.MOVIES, kaggle_files.METADATA_CSV, line, Reason.BAD_LIST, f"id {tmdb_id}, genres: {error}")
    released_at = parse_date(values["release_date"])
    return MovieRecord(
        file=kaggle_files.METADATA_CSV,
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


def _keywords(cells: Mapping[str, str]) -> _Names:
    return clean_names(kaggle_files.entry_names(parse_entries(cells["keywords"])))


def _credits(cells: Mapping[str, str]) -> tuple[_Names, _Names]:
    """Return the leading cast of a film, in order, and its directors."""
    cast = kaggle_files.parse_cast(cells["cast"], below=kaggle_files.CAST_SIZE)
    return clean_names(cast)[: kaggle_files.CAST_SIZE], clean_names(kaggle_files.parse_directors(cells["crew"]))
