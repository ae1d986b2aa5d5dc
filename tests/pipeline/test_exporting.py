import hashlib
import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings
from tests.pipeline.worlds import World

from accounts.models import User
from movies.models import Movie, Rating
from pipeline.errors import ExportStorageError, NothingToExportError, SnapshotError
from pipeline.models import Export
from pipeline.services.exporting import movies_export, ratings_export
from pipeline.snapshot import snapshot_latest

pytestmark = pytest.mark.django_db


@contextmanager
def files_limited_to(n_bytes: int) -> Iterator[None]:
    """Let the kernel refuse any file that grows past ``n_bytes``, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def entries(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_ratings_are_written_with_database_ids_and_the_times_they_were_given(folders: Path) -> None:
    user = User.objects.create_user("ada")
    movie = Movie.objects.create(title="Heat", movielens_id=6, tmdb_id=949)
    Rating.objects.create(user=user, movie=movie, value=4.0, created_at=datetime(2020, 2, 29, 12, 0, 1, 5, tzinfo=UTC))

    ratings_export()

    content = (folders / "exports/ratings/latest/ratings.csv").read_text()
    assert content == f"userId,movieId,rating,createdAt\n{user.pk},{movie.pk},4.0,2020-02-29 12:00:01.000005+00\n"


def test_movies_are_written_with_their_figures_and_blanks_stay_blank(folders: Path) -> None:
    Movie.objects.create(
        title='Ocean\'s "Eleven",\nagain', year=2001, released_at=date(2001, 12, 7), ratings_count=2, ratings_sum=9
    )
    Movie.objects.create(title="Nameless")

    movies_export()

    path = folders / "exports/movies/latest/movies"
    from_csv = pd.read_csv(path.with_suffix(".csv"))
    from_parquet = pq.read_table(path.with_suffix(".parquet")).to_pandas()
    assert list(from_csv) == ["movieId", "title", "releasedAt", "ratingsAverage", "ratingsCount"]
    assert from_csv["title"].tolist() == from_parquet["title"].tolist() == ['Ocean\'s "Eleven",\nagain', "Nameless"]
    assert from_parquet["releasedAt"].tolist() == [date(2001, 12, 7), None]
    assert from_csv["ratingsAverage"].fillna(-1).tolist() == [4.5, -1]
    assert from_parquet["ratingsCount"].tolist() == [2, 0]


def test_csv_and_parquet_hold_the_same_rows(world: World) -> None:
    export = ratings_export()

    from_csv = pd.read_csv(export.path(Export.Format.CSV), parse_dates=["createdAt"])
    from_parquet = pq.read_table(export.path(Export.Format.PARQUET)).to_pandas()
    assert len(from_csv) == Rating.objects.count() > 500
    pd.testing.assert_frame_equal(from_csv, from_parquet, check_dtype=False)


def test_row_and_manifest_have_checksums_sizes_and_number_of_rows(world: World, folders: Path) -> None:
    export = ratings_export()

    folder = folders / "exports" / export.folder
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["rows"] == export.rows == Rating.objects.count()
    assert manifest["columns"]["createdAt"] == "timestamp[us, tz=UTC]"
    for name, described in manifest["files"].items():
        content = (folder / name).read_bytes()
        assert described == {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    assert export.sha256 == manifest["files"]["ratings.csv"]["sha256"]
    assert export.bytes == sum(described["bytes"] for described in manifest["files"].values())


def test_latest_names_the_newest_and_the_same_ratings_have_the_same_checksum(world: World, folders: Path) -> None:
    first, second = ratings_export(), ratings_export()

    assert (folders / "exports/ratings/latest").resolve() == folders / "exports" / second.folder
    assert first.sha256 == second.sha256
    assert snapshot_latest(folders / "exports", "ratings").rows == first.rows


def test_only_the_newest_exports_stay_and_leftovers_of_crashes_go(
    world: World, folders: Path, settings: Settings
) -> None:
    settings.EXPORTS_KEEP = 2
    leftover = folders / "exports/ratings/.partial-20200101T000000Z-1-x"
    leftover.mkdir(parents=True)
    (leftover / "ratings.csv").write_text("torn")

    exports = [ratings_export() for _ in range(4)]

    kept = exports[2:]
    assert entries(folders / "exports/ratings") == {"latest", *(Path(export.folder).name for export in kept)}
    assert set(Export.objects.values_list("pk", flat=True)) == {export.pk for export in kept}


def test_export_of_nothing_says_what_to_do_and_leaves_nothing(folders: Path) -> None:
    with pytest.raises(NothingToExportError, match="import a data set"):
        ratings_export()
    with pytest.raises(CommandError, match="import a data set") as raised:
        call_command("exportdatasets")

    assert raised.value.returncode == 1
    assert entries(folders / "exports/ratings") == set()
    assert not Export.objects.exists()


def test_file_that_cannot_grow_leaves_the_latest_export_whole(world: World, folders: Path) -> None:
    whole = ratings_export()
    before = entries(folders / "exports/ratings")

    with files_limited_to(4096), pytest.raises(ExportStorageError, match="make room or make the folder writable"):
        ratings_export()

    assert entries(folders / "exports/ratings") == before
    assert (folders / "exports/ratings/latest").resolve().name == Path(whole.folder).name
    assert list(Export.objects.all()) == [whole]
    assert ratings_export().sha256 == whole.sha256


def test_folder_that_cannot_be_made_is_named_in_the_error(world: World, folders: Path, settings: Settings) -> None:
    blocked = folders / "file"
    blocked.write_text("no folder")
    settings.EXPORTS_DIR = blocked

    with pytest.raises(ExportStorageError, match=f"could not be exported to {blocked}"):
        ratings_export()


def test_altered_snapshot_is_not_read(world: World, folders: Path) -> None:
    export = ratings_export()
    with export.path(Export.Format.PARQUET).open("ab") as file:
        file.write(b"x")

    with pytest.raises(SnapshotError, match=r"checksum differs\): run exportdatasets again"):
        snapshot_latest(folders / "exports", "ratings")


def test_snapshot_with_a_torn_manifest_is_not_read(world: World, folders: Path) -> None:
    ratings_export()
    (folders / "exports/ratings/latest/manifest.json").write_text('{"kind": "rat')

    with pytest.raises(SnapshotError, match="cannot be read"):
        snapshot_latest(folders / "exports", "ratings")
