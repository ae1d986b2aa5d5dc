"""Importing a data set from a folder: everything in one transaction, so a failure leaves the database as it was."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper

from importing.datasets.dataset import Dataset, Kind, RatingBlock, RatingChoice
from importing.datasets.detect_format import detect_format
from importing.errors import DatasetError
from importing.import_report import ImportReport, RejectedRows, Tally
from importing.loading.movie_load import MovieKeys, movies_insert, movies_stage, movies_update, trailers_load
from importing.loading.rating_merge import RatingMerge
from importing.loading.rating_table import TABLE
from importing.loading.rating_table_build import RatingTableBuild
from movies.services.averages import movie_averages_refresh
from postgres.tables import table_keys_validate
from recommender.errors import DataError
from recommender.progress import Progress

logger = logging.getLogger(__name__)

# The number of the advisory lock that one import holds at a time. Nothing else in the database uses it.
IMPORT_LOCK = 0x6D6F766965
# A new table pays off from this many ratings in the first block on. The switch locks everyone out while it copies the
# present ratings, a tenth of a second for this many.
BULK_FROM = 50_000
CARRIED_AT_MOST = 100_000
_LOCK_TRY = "SELECT pg_try_advisory_xact_lock(%s)"
_IS_NEW = "SELECT NOT EXISTS (SELECT FROM accounts_user WHERE kind = 'crowd' AND crowd_source = %s)"
_PRESENT = "SELECT count(*) FROM (SELECT FROM movies_rating LIMIT %s) present"
_MOVIES_LOCK = """
SELECT FROM movies_movie WHERE id = ANY(%s) OR id IN (SELECT id FROM import_film_change)
ORDER BY id FOR NO KEY UPDATE
"""
_TEMPORARY_TABLES = (
    "import_film",
    "import_film_change",
    "import_external",
    "import_trailer",
    "import_rating",
    "import_rating_change",
    "import_repeated",
    "import_user",
    "import_figure",
)


@dataclass(frozen=True)
class ImportSummary:
    """The rows that an import read and what it changed."""

    dataset: Dataset
    tallies: dict[Kind, Tally]
    new_users: int

    @property
    def has_changes(self) -> bool:
        """Whether the import changed anything in the database."""
        return any(tally.changed for tally in self.tallies.values())


def dataset_import(*, path: Path, ratings: RatingChoice | None = None, report: Path | None = None) -> ImportSummary:
    """Import the data set in the folder ``path``, wholly or not at all; a repeated import changes nothing.

    1. Detect the format of the folder.
    2. In one transaction, stage films and ratings in temporary tables, then merge them.
    3. Recount the films that have new ratings.
    4. Put the report in its place.

    ``ratings`` chooses among the files of ratings, ``report`` is a CSV file to write with each row that was left out.

    Raises:
        DatasetError: the folder, one of its files, the report or the database does not allow the import.

    """
    dataset = detect_format(path, ratings=ratings)
    total = sum(file.stat().st_size for file in dataset.files() if file.exists())
    rejected = RejectedRows(report) if report else None
    try:
        with Progress("Import", total=total, unit="bytes") as progress:
            summary = _dataset_load(dataset, ImportReport(rejected), progress)
        if rejected:
            rejected.publish()
    except DataError as error:
        raise DatasetError(str(error)) from error
    except OSError as error:
        raise DatasetError(f"{error.filename or path}: {error.strerror or error}. Nothing was imported.") from error
    finally:
        if rejected:
            rejected.discard()
    return summary


def _dataset_load(dataset: Dataset, report: ImportReport, progress: Progress) -> ImportSummary:
    dataset.on_read = progress.advance
    with _explain_database_errors(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK_TRY, [IMPORT_LOCK])
        if not cursor.fetchone()[0]:
            message = "Another import is running. Wait for it to end, then run this one again."
            raise DatasetError(message)
        new_users = _rows_load(cursor, dataset, report, progress)
        cursor.execute(f"DROP TABLE IF EXISTS {', '.join(_TEMPORARY_TABLES)}")
        report.finish()
    _keys_validate()
    return ImportSummary(dataset, report.tallies, new_users)


def _rows_load(cursor: CursorWrapper, dataset: Dataset, report: ImportReport, progress: Progress) -> int:
    """Stage and merge films, trailers and ratings; return the number of new crowd users."""
    movies = movies_stage(cursor, dataset=dataset, report=report)
    ratings = _ratings_stage(cursor, dataset, movies, report)
    progress.step("Storing")
    # From here on each statement checks its foreign keys, so that no long queue of checks waits for the commit.
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    movies_insert(cursor, dataset=dataset, report=report)
    trailers_load(cursor, dataset=dataset, movies=movies, report=report)
    new_users = ratings.merge()
    rated = ratings.find_rated_movies()
    # Ratings from the site wait for this lock, so it comes last, once, and in the order of ids.
    cursor.execute(_MOVIES_LOCK, [rated])
    movies_update(cursor, keys=movies, report=report)
    if rated:
        cursor.execute("ANALYZE movies_movie; ANALYZE movies_rating; ANALYZE accounts_user")
        movie_averages_refresh(movie_ids=rated)
    return new_users


def _ratings_stage(
    cursor: CursorWrapper, dataset: Dataset, movies: MovieKeys, report: ImportReport
) -> RatingMerge | RatingTableBuild:
    """Read the ratings into a temporary table, or into a new table of ratings for a large first import."""
    blocks = dataset.ratings()
    first = next(blocks, None)
    loader = RatingTableBuild if _is_large_first_import(cursor, dataset, first) else RatingMerge
    ratings = loader(cursor, dataset=dataset, movies=movies, report=report)
    ratings.fill(chain([] if first is None else [first], blocks))
    return ratings


def _is_large_first_import(cursor: CursorWrapper, dataset: Dataset, first: RatingBlock | None) -> bool:
    if first is None or len(first) < BULK_FROM:
        return False
    cursor.execute(_IS_NEW, [dataset.name])
    is_new: bool = cursor.fetchone()[0]
    cursor.execute(_PRESENT, [CARRIED_AT_MOST + 1])
    present: int = cursor.fetchone()[0]
    return is_new and present <= CARRIED_AT_MOST


def _keys_validate() -> None:
    """Check the foreign keys that a table switch left unchecked; an error is logged, because the import has ended."""
    try:
        with connection.cursor() as cursor:
            table_keys_validate(cursor, TABLE)
    except (DatabaseError, InterfaceError, KeyboardInterrupt) as error:
        reason = _first_line(error) if isinstance(error, DatabaseError | InterfaceError) else "interrupted"
        logger.warning(
            "The import is complete, but its keys are not all checked (%s): the next import does that.", reason
        )


@contextmanager
def _explain_database_errors() -> Iterator[None]:
    """Turn errors of the database into a ``DatasetError`` that says what to do."""
    try:
        yield
    except IntegrityError as error:
        message = (
            f"The database refused a row ({_first_line(error)}). Nothing was imported. "
            "If the catalogue was changed in the meantime, run the import again."
        )
        raise DatasetError(message) from error
    except (OperationalError, InterfaceError) as error:
        message = f"The database could not go on ({_first_line(error)}). Nothing was imported: run it again."
        raise DatasetError(message) from error


def _first_line(error: DatabaseError | InterfaceError) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0]
