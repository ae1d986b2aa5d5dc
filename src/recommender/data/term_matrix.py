"""The words of many items as a sparse matrix of items by words."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from recommender.arrays import BoolArray, Int64Array
from recommender.data.rows import Rows
from recommender.errors import DataError


@dataclass(frozen=True, eq=False)
class TermMatrix:
    """`words`: ascending, distinct; `rows`: one row per item of distinct positions in `words`."""

    words: tuple[str, ...]
    rows: Rows

    @classmethod
    def of(cls, lists: Iterable[Iterable[str]]) -> "TermMatrix":
        """Return the matrix of the words of each item, without blank ones and with single spaces inside words.

        DataError for an item with a text in the place of a list of words, or with a word that is no text.
        """
        numbers: dict[str, int] = {}
        lengths: list[int] = []
        found: list[int] = []
        for item, words in enumerate(lists):
            distinct = {numbers.setdefault(word, len(numbers)) for word in _clean(words, item) if word}
            lengths.append(len(distinct))
            found.extend(distinct)
        ordered = sorted(numbers)
        places = np.empty(len(ordered), dtype=np.int64)
        places[[numbers[word] for word in ordered]] = np.arange(len(ordered))
        row_of = np.repeat(np.arange(len(lengths)), lengths)
        positions = places[np.array(found, dtype=np.int64)]
        return cls(tuple(ordered), Rows.of_pairs(row_of, positions, n_rows=len(lengths)))

    def take(self, rows: Int64Array) -> "TermMatrix":
        """Return the rows at these positions, in this order; an item at -1 has no words."""
        indptr = np.append(self.rows.indptr, self.rows.indptr[-1])
        with_blank = Rows(indptr, self.rows.indices)
        return TermMatrix(self.words, with_blank.take(np.where(rows >= 0, rows, self.rows.n_rows)))

    def table(self) -> BoolArray:
        """Return whether each item has each word: (n_items, n_words) bool, a dense array for few words."""
        has_word = np.zeros((self.rows.n_rows, len(self.words)), dtype=np.bool_)
        has_word[np.repeat(np.arange(self.rows.n_rows), np.diff(self.rows.indptr)), self.rows.indices] = True
        return has_word


def _clean(words: Iterable[str], item: int) -> list[str]:
    if isinstance(words, str):
        raise DataError(f'Item number {item} has the text {words!r} for its words: give a list such as ["{words}"].')
    try:
        return [" ".join(word.split()) for word in words]
    except (AttributeError, TypeError) as error:
        raise DataError(f"Item number {item} has {words!r} for its words: give a list of texts.") from error
