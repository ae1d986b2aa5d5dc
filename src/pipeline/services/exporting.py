"""Writing snapshots of the ratings and of the movies."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection, transaction

from pipeline.errors import ExportStorageError, NothingToExportError
from pipeline.models import Export
from pipeline.parallel_export import part_conditions, read_parts
from pipeline.selectors import changes_settled_at
from pipeline.snapshot import manifest_write
from pipeline.snapshot_files import snapshot_files
from pipeline.stage_locks import Stage, stage_lock
from postgres.tables import number_reserve
from recommender.atomic_folder import atomic_folder, prune_folders, switch_latest
from recommender.progress import show_progress

if TYPE_CHECKING:
    import pyarrow as pa

# Ordered, so that the same ratings give the same checksum. PostgreSQL looks the stars up in a third of the time that it
# needs to format them as numbers with one decimal.
_RATINGS = """
SELECT user_id AS "userId", movie_id AS "movieId",
  ('{{0.5,1.0,1.5,2.0,2.5,3.0,3.5,4.0,4.5,5.0}}'::text[])[(value * 2)::int] AS "rating", created_at AS "createdAt"
FROM movies_rating WHERE {part} ORDER BY user_id, movie_id
"""
_MOVIES = """
SELECT id AS "movieId", title, released_at AS "releasedAt", ratings_average AS "ratingsAverage",
  ratings_count AS "ratingsCount"
FROM movies_movie WHERE {part} ORDER BY id
"""


def _ratings_schema() -> "pa.Schema":
    import pyarrow as pa  # noqa: PLC0415 - takes half a second, which the web process can save.

    return pa.schema(
        {"userId": pa.int32(), "movieId": pa.int32(), "rating": pa.float32(), "createdAt": pa.timestamp("us", "UTC")}
    )


def _movies_schema() -> "pa.Schema":
    import pyarrow as pa  # noqa: PLC0415

    return pa.schema(
        {
            "movieId": pa.int32(),
            "title": pa.string(),
            "releasedAt": pa.date32(),
            "ratingsAverage": pa.float64(),
            "ratingsCount": pa.int32(),
        }
    )


@dataclass(frozen=True)
class _Source:
    """What an export of one kind reads: ``query``, in ranges of ``column``. ``when_empty``: the error without rows."""

    stage: Stage
    table: str
    column: str
    query: str
    schema: Callable[[], "pa.Schema"]
    when_empty: str


_SOURCES = {
    Export.Kind.RATINGS: _Source(
        Stage.EXPORT_RATINGS,
        "movies_rating",
        "user_id",
        _RATINGS,
        _ratings_schema,
        "There are no ratings to export: import a data set with importdataset, or rate some films, first.",
    ),
    Export.Kind.MOVIES: _Source(
        Stage.EXPORT_MOVIES,
        "movies_movie",
        "id",
        _MOVIES,
        _movies_schema,
        "There are no movies to export: import a data set with importdataset first.",
    ),
}


def ratings_export() -> Export:
    """Write all ratings to a new snapshot, which becomes the latest; see `_export`."""
    return _export(Export.Kind.RATINGS)


def movies_export() -> Export:
    """Write all movies to a new snapshot, which becomes the latest; see `_export`."""
    return _export(Export.Kind.MOVIES)


def _export(kind: Export.Kind) -> Export:
    """Write a snapshot of one kind.

    1. Write the rows as CSV and Parquet to a new folder, all as of one moment.
    2. Add a manifest with the checksums, and insert the row of the export.
    3. Point the link ``latest`` to the folder.
    4. Remove old exports.

    Raises:
        NothingToExportError: the table is empty.
        ExportStorageError: the files could not be written. None of them remains, and ``latest`` has not changed.
        StageBusyError: the same export is running elsewhere.

    """
    parent = Path(settings.EXPORTS_DIR) / kind
    with stage_lock(_SOURCES[kind].stage):
        try:
            export = _snapshot_write(kind, parent)
            switch_latest(Path(settings.EXPORTS_DIR) / export.folder)
        except OSError as error:
            message = (
                f"The {kind} could not be exported to {parent} ({error.strerror or error}): "
                "make room or make the folder writable, then export again. The latest complete export is unchanged."
            )
            raise ExportStorageError(message) from error
        _old_exports_remove(kind, parent)
    return export


def _snapshot_write(kind: Export.Kind, parent: Path) -> Export:
    """Write the files and their row. If one of them fails, neither remains."""
    source, settled_at = _SOURCES[kind], changes_settled_at()
    with transaction.atomic():
        export = Export(kind=kind, pk=number_reserve("pipeline_export"), settled_at=settled_at)
        folder = parent / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{export.pk}"
        with atomic_folder(folder) as new_folder:
            export.rows, export.sha256 = _files_write(source, new_folder, kind)
            content = manifest_write(
                new_folder,
                kind=kind,
                rows=export.rows,
                settled_at=settled_at,
                schema=source.schema(),
                csv_sha256=export.sha256,
            )
        export.folder = f"{kind}/{folder.name}"
        export.bytes = sum(file["bytes"] for file in content["files"].values())
        try:
            export.save(force_insert=True)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    return export


def _files_write(source: _Source, folder: Path, kind: str) -> tuple[int, str]:
    """Write CSV and Parquet; return the number of rows and the checksum of the CSV."""
    conditions = ["true"]
    # Other sessions would not see the changes of an enclosing transaction.
    if not connection.savepoint_ids:
        with connection.cursor() as cursor:
            conditions = part_conditions(cursor, table=source.table, column=source.column)
    with (
        show_progress(f"exporting {kind}", total=len(conditions), unit="parts") as advance,
        snapshot_files(folder, kind, source.schema()) as files,
    ):
        for text in read_parts([source.query.format(part=condition) for condition in conditions]):
            files.add(text)
            advance(1)
    if not files.rows:
        raise NothingToExportError(source.when_empty)
    return files.rows, files.sha256


def _old_exports_remove(kind: Export.Kind, parent: Path) -> None:
    """Keep the ``EXPORTS_KEEP`` newest exports. Remove older ones, and folders without a row, which a crash left."""
    exports = Export.objects.filter(kind=kind).order_by("-pk")
    kept = list(exports[: settings.EXPORTS_KEEP])
    exports.exclude(pk__in=[export.pk for export in kept]).delete()
    prune_folders(parent, keep={Path(export.folder).name for export in kept})
