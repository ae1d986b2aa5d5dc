"""Which of a data set's ratings count: those of films in the set and, of a user's ratings of one film, the latest."""

from collections.abc import Iterable

import numpy as np

from importing.datasets.dataset import Int64s, Kind, RatingBlock, Reason, Skip
from importing.import_report import ImportReport
from importing.loading.movie_load import MovieKeys


class RatingRules:
    """Counts the ratings of one data set and reports those that do not count."""

    def __init__(self, movies: MovieKeys, report: ImportReport) -> None:
        """Start before the first block."""
        self.tally = report.tallies[Kind.RATINGS]
        self._movies = movies
        self._report = report
        self._file = ""

    def count(self, block: RatingBlock) -> None:
        """Count a block as read, and its skipped rows as left out."""
        self._file = block.file
        self.tally.read += len(block)
        self._report.skip(block.skips)

    def check(self) -> None:
        """Raise a ``DatasetError`` if too many rows are bad."""
        self._report.check(Kind.RATINGS)

    def find_movies(self, block: RatingBlock) -> Int64s:
        """Return the primary key of each rating's film, -1 for a film that is not in the data set: (n,)."""
        pks = self._movies.pks_of(block.movies)
        self._report.drop(
            Skip(Kind.RATINGS, block.file, int(block.lines[row]), Reason.UNKNOWN_MOVIE, f"film {block.movies[row]}")
            for row in np.flatnonzero(pks < 0)
        )
        return pks

    def drop_repeated(self, lines: Iterable[int]) -> None:
        """Report the ratings on these lines as repeated."""
        self._report.drop(Skip(Kind.RATINGS, self._file, line, Reason.DUPLICATE_RATING) for line in lines)


def repeated_ratings_query(table: str, *, user: str, time: str, line: str) -> str:
    """Return a query for the ``place`` (ctid) and ``line`` of each rating in ``table`` that a later one replaces.

    Of two ratings at the same second, the one further down in the file counts. ``user``, ``time`` and ``line`` are the
    names of columns.
    """
    return f"""
        SELECT place, line FROM (
            SELECT ctid AS place, {line} AS line,
                row_number() OVER (PARTITION BY {user}, movie_id ORDER BY {time} DESC, {line} DESC) AS rank
            FROM {table}
        ) ranked WHERE rank > 1
    """  # noqa: S608 - constants of the callers.
