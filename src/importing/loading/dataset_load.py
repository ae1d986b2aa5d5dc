"""One transaction from files to catalogue: read beside, then merge; whatever fails leaves the database as it was."""

import logging
from dataclasses import dataclass
from itertools import chain

from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper

from importing.datasets.dataset import Dataset, Kind
from importing.errors import DatasetError
from importing.import_report import ImportReport, Tally
from importing.loading.movie_load import MovieKeys, movies_insert, movies_stage, movies_update
from importing.loading.rating_merge import RatingMerge
from importing.loading.rating_table import TABLE
from importing.loading.rating_table_build import RatingTableBuild, bulk_fits
from importing.loading.trailer_load import trailers_load
from movies.services.averages import movie_averages_refresh
from postgres.locks import transaction_lock_try
from postgres.tables import table_keys_validate
from recommender.progress import Progress

logger = logging.getLogger(__name__)

# Any number will do, as long as nothing else in this database locks by it.
IMPORT_LOCK = 0x6D6F766965
_TABLES = (
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
    """What an import read and what it changed."""

    dataset: Dataset
    tallies: dict[Kind, Tally]
    new_users: int

    @property
    def changed(self) -> bool:
        """Whether anything in the database is different from before."""
        return any(tally.changed for tally in self.tallies.values())


def dataset_load(*, dataset: Dataset, log: ImportReport, progress: Progress) -> ImportSummary:
    """Bring a data set into the database, wholly or not at all.

    Raises:
        DatasetError: a file is unusable, another import is running, or the database is lost or in the way.

    """
    dataset.on_read = progress.advance
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            _lock()
            new_users = _load(cursor, dataset, log, progress)
            cursor.execute(f"DROP TABLE IF EXISTS {', '.join(_TABLES)}")
            log.finish()
    except IntegrityError as error:
        message = (
            f"The database refused a row ({_first_line(error)}). Nothing was imported. "
            "If somebody changed the catalogue in the meantime, run it again."
        )
        raise DatasetError(message) from error
    except (OperationalError, InterfaceError) as error:
        message = f"The database could not go on ({_first_line(error)}). Nothing was imported: run it again."
        raise DatasetError(message) from error
    _keys_validate()
    return ImportSummary(dataset, log.tallies, new_users)


def _keys_validate() -> None:
    """Let the database check keys that it has taken on trust. By now everything is imported, whatever comes of this."""
    try:
        with connection.cursor() as cursor:
            table_keys_validate(cursor, TABLE)
    except (DatabaseError, InterfaceError, KeyboardInterrupt) as error:
        reason = _first_line(error) if isinstance(error, DatabaseError | InterfaceError) else "interrupted"
        logger.warning("All is imported. Its keys were not checked to the end (%s): the next import does that.", reason)


def _load(cursor: CursorWrapper, dataset: Dataset, log: ImportReport, progress: Progress) -> int:
    movies = movies_stage(cursor, dataset=dataset, log=log)
    ratings = _ratings_fill(cursor, dataset, movies, log)
    progress.step("Storing")
    # From here on foreign keys are checked by each statement, so that no long queue of checks waits for the commit.
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    movies_insert(cursor, dataset=dataset, log=log)
    trailers_load(cursor, dataset=dataset, movies=movies, log=log)
    new_users = ratings.merge()
    rated = ratings.rated_movies()
    # Films are locked once, last and in order, for as short as can be: whoever rates one meanwhile waits for this.
    cursor.execute(
        "SELECT FROM movies_movie WHERE id = ANY(%s) OR id IN (SELECT id FROM import_film_change) "
        "ORDER BY id FOR NO KEY UPDATE",
        [rated],
    )
    movies_update(cursor, keys=movies, log=log)
    if rated:
        cursor.execute("ANALYZE movies_movie; ANALYZE movies_rating; ANALYZE accounts_user")
        movie_averages_refresh(movie_ids=rated)
    return new_users


def _ratings_fill(
    cursor: CursorWrapper, dataset: Dataset, movies: MovieKeys, log: ImportReport
) -> RatingMerge | RatingTableBuild:
    """Read the ratings: into a table of their own where they are most of what there will be, else to be merged."""
    blocks = dataset.ratings()
    first = next(blocks, None)
    kind = RatingTableBuild if bulk_fits(cursor, dataset=dataset, first=first) else RatingMerge
    ratings = kind(cursor, dataset=dataset, movies=movies, report=log)
    ratings.fill(chain([] if first is None else [first], blocks))
    return ratings


def _lock() -> None:
    if not transaction_lock_try(IMPORT_LOCK):
        message = "Another import is running. Wait for it to end, then run this one again."
        raise DatasetError(message)


def _first_line(error: DatabaseError | InterfaceError) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0]
