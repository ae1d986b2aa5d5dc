"""Descriptions of items: genres, keywords, cast, directors."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from recommender.arrays import BoolArray, Float32Array, IdsLike, check_ids
from recommender.data.rows import Rows
from recommender.data.term_matrix import TermMatrix
from recommender.data.vocabulary import Vocabulary
from recommender.errors import ConfigError, DataError

KINDS = ("genres", "keywords", "cast", "directors")


class WordCounts(NamedTuple):
    """How often each item has each word of any kind.

    `words`: ascending, distinct, in lower case; `rows`: positions in `words`, one row per item; `counts`: (n,) float32,
    one for each entry of the rows.
    """

    words: tuple[str, ...]
    rows: Rows
    counts: Float32Array


@dataclass(frozen=True, eq=False)
class Catalogue:
    """The words that describe `items`: `genres`, `keywords`, `cast` and `directors`, each with one row per item.

    Build it with `of`, from lists in any order. DataError if a kind has more or fewer rows than there are items.
    """

    items: Vocabulary
    genres: TermMatrix
    keywords: TermMatrix
    cast: TermMatrix
    directors: TermMatrix

    def __post_init__(self) -> None:
        for kind in KINDS:
            n_rows = getattr(self, kind).rows.n_rows
            if n_rows != len(self.items):
                raise DataError(f"There are {len(self.items)} items, but {kind} of {n_rows}: give one list per item.")

    @classmethod
    def of(
        cls,
        item_ids: IdsLike,
        *,
        genres: Sequence[Iterable[str]],
        keywords: Sequence[Iterable[str]] | None = None,
        cast: Sequence[Iterable[str]] | None = None,
        directors: Sequence[Iterable[str]] | None = None,
    ) -> "Catalogue":
        """Return the catalogue of parallel lists, ids in any order; None for a kind that is not known.

        DataError for an id that occurs twice, lists of another length than the ids, or anything but lists of words.
        """
        ids = check_ids(item_ids, "item_ids")
        items = Vocabulary.of(ids)
        if len(items) != ids.size:
            distinct, counts = np.unique(ids, return_counts=True)
            raise DataError(f"Item {distinct[np.argmax(counts > 1)]} is described twice: keep one row per item.")
        order = np.argsort(ids, kind="stable")
        nothing: list[tuple[str, ...]] = [()] * ids.size
        parts = dict(zip(KINDS, (genres, keywords, cast, directors), strict=True))
        words = {kind: TermMatrix.of(nothing if lists is None else lists) for kind, lists in parts.items()}
        for kind, rows in words.items():
            if rows.rows.n_rows != ids.size:
                raise DataError(f"There are {ids.size} items, but {kind} of {rows.rows.n_rows}: give a list for each.")
        return cls(items, **{kind: rows.take(order) for kind, rows in words.items()})

    def __len__(self) -> int:
        return len(self.items)

    def over(self, items: Vocabulary) -> "Catalogue":
        """Return the catalogue of exactly `items`, such as those of a model; unknown ones have no words."""
        positions = self.items.positions(items.ids)
        return replace(self, items=items, **{kind: getattr(self, kind).take(positions) for kind in KINDS})

    def mask(self, *, genres: Iterable[str] = (), exclude_genres: Iterable[str] = ()) -> BoolArray:
        """Return which items have one of `genres`, if any are given, and none of `exclude_genres`: (n_items,) bool.

        `catalogue.over(model.items).mask(…)` gives the `candidates` of a model's lists. Case does not matter.
        ConfigError that lists the known genres for an unknown one.
        """
        wanted = self._with_genre(genres) if (genres := tuple(genres)) else np.ones(len(self), dtype=np.bool_)
        return wanted & ~self._with_genre(exclude_genres)

    def word_counts(self) -> WordCounts:
        """Return the words of all kinds together; one that an item has as genre and as keyword counts twice."""
        kinds = [getattr(self, kind) for kind in KINDS]
        words = sorted({word.casefold() for kind in kinds for word in kind.words})
        places = {word: place for place, word in enumerate(words)}
        row_of, word_of = [], []
        for kind in kinds:
            own = np.array([places[word.casefold()] for word in kind.words], dtype=np.int64)
            row_of.append(np.repeat(np.arange(len(self)), np.diff(kind.rows.indptr)))
            word_of.append(own[kind.rows.indices])
        width = max(len(words), 1)
        pairs, counts = np.unique(np.concatenate(row_of) * width + np.concatenate(word_of), return_counts=True)
        rows = Rows.of_sorted(pairs // width, (pairs % width).astype(np.int32), n_rows=len(self))
        return WordCounts(tuple(words), rows, counts.astype(np.float32))

    def _with_genre(self, genres: Iterable[str]) -> BoolArray:
        known = [word.casefold() for word in self.genres.words]
        requested = {genre.casefold(): genre for genre in genres}
        for missing in requested.keys() - set(known):
            choices = ", ".join(self.genres.words) or "none, because there are none"
            raise ConfigError(f"There is no genre {requested[missing]!r}: choose among {choices}.")
        wanted = np.array([word in requested for word in known], dtype=np.bool_)
        rows = np.repeat(np.arange(len(self)), np.diff(self.genres.rows.indptr))
        found = np.zeros(len(self), dtype=np.bool_)
        found[rows[wanted[self.genres.rows.indices]]] = True
        return found
