"""Which words each of many items has, as sparse rows over the words that there are."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from recommender.arrays import BoolArray, Int64Array
from recommender.data.rows import Rows
from recommender.errors import DataError


@dataclass(frozen=True, eq=False)
class TermMatrix:
    """`words`: ascending, each once; `rows`: a row per item of positions in `words`, a word at most once in it."""

    words: tuple[str, ...]
    rows: Rows

    @classmethod
    def of(cls, lists: Iterable[Iterable[str]]) -> "TermMatrix":
        """The words of each item in any order; blank ones are left out, spaces inside one count as a single one.

        DataError for an item with a text in the place of a list of words, or with a word that is none.
        """
        numbers: dict[str, int] = {}
        lengths: list[int] = []
        found: list[int] = []
        for item, words in enumerate(lists):
            distinct = {numbers.setdefault(word, len(numbers)) for word in _cleaned(words, item) if word}
            lengths.append(len(distinct))
            found.extend(distinct)
        ordered = sorted(numbers)
        places = np.empty(len(ordered), dtype=np.int64)
        places[[numbers[word] for word in ordered]] = np.arange(len(ordered))
        row_of = np.repeat(np.arange(len(lengths)), lengths)
        positions = places[np.array(found, dtype=np.int64)]
        return cls(tuple(ordered), Rows.of_pairs(row_of, positions, n_rows=len(lengths)))

    def take(self, rows: Int64Array) -> "TermMatrix":
        """The words of the items at these positions, in this order; none for an item at -1."""
        indptr = np.append(self.rows.indptr, self.rows.indptr[-1])
        with_blank = Rows(indptr, self.rows.indices)
        return TermMatrix(self.words, with_blank.take(np.where(rows >= 0, rows, self.rows.n_rows)))

    def table(self) -> BoolArray:
        """Whether each item has each word: (n_items, n_words) bool, for when there are few words."""
        has_word = np.zeros((self.rows.n_rows, len(self.words)), dtype=np.bool_)
        has_word[np.repeat(np.arange(self.rows.n_rows), np.diff(self.rows.indptr)), self.rows.indices] = True
        return has_word

    def of_item(self, position: int) -> tuple[str, ...]:
        """The words of one item, ascending."""
        own = self.rows.indices[self.rows.indptr[position] : self.rows.indptr[position + 1]]
        return tuple(self.words[word] for word in own)


def _cleaned(words: Iterable[str], item: int) -> list[str]:
    if isinstance(words, str):
        raise DataError(f'Item number {item} has the text {words!r} for its words: give a list such as ["{words}"].')
    try:
        return [" ".join(word.split()) for word in words]
    except (AttributeError, TypeError) as error:
        raise DataError(f"Item number {item} has {words!r} for its words: give a list of texts.") from error
