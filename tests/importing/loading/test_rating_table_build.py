"""Imports that build the table of ratings anew, small ones whose thresholds are lowered."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from django.db import connection
from django.db.backends.utils import CursorWrapper

from accounts.models import User
from importing import services
from importing.datasets import rating_files
from importing.errors import DatasetError
from importing.loading import rating_table_build
from importing.loading.rating_table import rating_table_lock
from importing.services import dataset_import
from movies.models import Movie, Rating
from movies.services.averages import movie_averages_refresh_all
from movies.services.ratings import rating_set
from postgres.tables import table_keys_validate

N_MOVIES = 12
DEFINITION = """
SELECT 'index' AS kind, indexname::text AS name, indexdef AS definition FROM pg_indexes
WHERE tablename = 'movies_rating'
UNION ALL
SELECT contype::text, conname::text, pg_get_constraintdef(oid) || convalidated FROM pg_constraint
WHERE conrelid = 'movies_rating'::regclass
UNION ALL
SELECT 'column', attname::text, attnum || format_type(atttypid, atttypmod) || attnotnull || attidentity::text
FROM pg_attribute WHERE attrelid = 'movies_rating'::regclass AND attnum > 0
UNION ALL
SELECT 'sequence', 'id', pg_get_serial_sequence('movies_rating', 'id')
"""
Row = tuple[int, int, float, int]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Films, of which the numbers 11 and 12 are one film and 13 is none of the set."""
    folder = tmp_path / "archive"
    folder.mkdir()
    movies = "".join(f"{movie * 10},,Film {movie},[],,\n" for movie in range(1, N_MOVIES))
    columns = "id,imdb_id,title,genres,release_date,runtime"
    rest = "original_title,overview,poster_path"
    lines = movies.replace("\n", ",,,\n")
    (folder / "movies_metadata.csv").write_text(f"{columns},{rest}\n{lines}")
    links = "".join(f"{movie},{movie:07d},{min(movie, N_MOVIES - 1) * 10}\n" for movie in range(1, N_MOVIES + 1))
    (folder / "links.csv").write_text(f"movieId,imdbId,tmdbId\n{links}13,0000013,990\n")
    return folder


@pytest.fixture
def by_bulk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "BULK_FROM", 1)
    monkeypatch.setattr(rating_files, "BLOCK_BYTES", 256)


def ratings_write(folder: Path, rows: list[Row]) -> None:
    lines = "".join(f"{user},{movie},{value},{time}\n" for user, movie, value, time in rows)
    (folder / "ratings.csv").write_text(f"userId,movieId,rating,timestamp\n{lines}")


def rows_drawn(*, ascending: bool) -> list[Row]:
    random = np.random.default_rng(5)
    users, movies = random.integers(1, 15, 400), random.integers(1, 14, 400)
    values, times = random.integers(1, 11, 400) / 2, 1_000_000_000 + random.integers(0, 20, 400)
    columns = (users.tolist(), movies.tolist(), values.tolist(), times.tolist())
    rows: list[Row] = list(zip(*columns, strict=True))
    return sorted(rows, key=lambda row: row[0]) if ascending else rows


def stored() -> list[tuple[object, ...]]:
    names = ("user__crowd_key", "movie__tmdb_id", "value", "created_at")
    return sorted(Rating.objects.values_list(*names))


def figures() -> list[tuple[object, ...]]:
    return sorted(Movie.objects.values_list("tmdb_id", "ratings_count", "ratings_sum"))


def imported(folder: Path) -> tuple[object, ...]:
    """Import, and return all that the database holds of it."""
    report = folder.parent / "report.csv"
    summary = dataset_import(path=folder, report=report)
    with report.open(newline="") as handle:
        reported = sorted(csv.reader(handle))
    return stored(), figures(), summary.tallies, summary.new_users, reported


def shape() -> set[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(DEFINITION)
        return set(cursor.fetchall())


@pytest.mark.django_db
@pytest.mark.parametrize("ascending", [True, False], ids=["users ascend", "users are mixed"])
def test_merge_and_table_build_store_and_report_the_same(
    folder: Path, *, ascending: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ratings_write(folder, rows_drawn(ascending=ascending))
    merged = imported(folder)
    for model in (Rating, User, Movie):
        model.objects.all().delete()

    monkeypatch.setattr(services, "BULK_FROM", 1)
    monkeypatch.setattr(rating_files, "BLOCK_BYTES", 256)
    in_bulk = imported(folder)

    assert in_bulk == merged
    assert 100 < len(stored()) < 200
    assert movie_averages_refresh_all().corrected == 0


@pytest.mark.django_db
def test_table_keeps_its_names_keys_and_numbers(folder: Path, by_bulk: None) -> None:
    before = shape()
    ratings_write(folder, [(1, 1, 4.0, 1_000_000_000), (2, 3, 2.5, 1_000_000_001)])

    dataset_import(path=folder)

    assert len(before) > 10
    assert shape() == before
    user = User.objects.create_user("ada")
    rating_set(user_id=user.pk, movie_id=Movie.objects.first().pk, value=5.0)  # type: ignore[union-attr]  # There are some.
    assert Rating.objects.count() == 3


@pytest.mark.django_db
def test_earlier_ratings_stay_unchanged(folder: Path, by_bulk: None) -> None:
    user, movie = User.objects.create_user("ada"), Movie.objects.create(title="Film 1", tmdb_id=10)
    rating_set(user_id=user.pk, movie_id=movie.pk, value=1.5)
    before = Rating.objects.get()
    ratings_write(folder, [(1, 1, 4.0, 1_000_000_000)])

    dataset_import(path=folder)

    kept = Rating.objects.get(user=user)
    assert (kept.pk, kept.value, kept.created_at) == (before.pk, before.value, before.created_at)
    movie.refresh_from_db()
    assert (movie.ratings_count, movie.ratings_sum) == (2, 5.5)


@pytest.mark.django_db
def test_second_import_is_merged_and_changes_nothing(folder: Path, by_bulk: None) -> None:
    ratings_write(folder, rows_drawn(ascending=True))
    dataset_import(path=folder)
    before = stored()

    assert not dataset_import(path=folder).has_changes
    assert stored() == before


@pytest.mark.django_db
def test_many_earlier_ratings_prevent_a_table_build(
    folder: Path, by_bulk: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, movie = User.objects.create_user("ada"), Movie.objects.create(title="Film 1", tmdb_id=10)
    rating_set(user_id=user.pk, movie_id=movie.pk, value=1.5)
    monkeypatch.setattr(services, "CARRIED_AT_MOST", 0)
    monkeypatch.setattr(rating_table_build, "rating_table_create", lambda _cursor: pytest.fail("the table was rebuilt"))
    ratings_write(folder, [(1, 1, 4.0, 1_000_000_000)])

    dataset_import(path=folder)

    assert Rating.objects.count() == 2


def run_before_switch(monkeypatch: pytest.MonkeyPatch, statements: Callable[[], list[str]]) -> None:
    """Run ``statements`` in another session after the read and before the switch."""

    def run_then_lock(cursor: CursorWrapper) -> None:
        session = connection.copy()
        try:
            with session.cursor() as other:
                for statement in statements():
                    other.execute(statement)
        finally:
            session.close()
        rating_table_lock(cursor)

    monkeypatch.setattr(rating_table_build, "rating_table_lock", run_then_lock)


@pytest.mark.django_db(transaction=True)
def test_rating_from_the_site_during_an_import_is_kept_and_counted(
    folder: Path, by_bulk: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, movie = User.objects.create_user("ada"), Movie.objects.create(title="Film 1", tmdb_id=10)
    ratings_write(folder, [(1, 1, 4.0, 1_000_000_000), (2, 1, 3.0, 1_000_000_000)])
    insert = (
        f"INSERT INTO movies_rating (user_id, movie_id, value, created_at) VALUES ({user.pk}, {movie.pk}, 1.5, now())"  # noqa: S608 - numbers.
    )
    update = f"UPDATE movies_movie SET ratings_count = 1, ratings_sum = 1.5 WHERE id = {movie.pk}"  # noqa: S608 - a number.
    run_before_switch(monkeypatch, lambda: [insert, update])

    dataset_import(path=folder)

    assert Rating.objects.get(user=user).value == 1.5
    movie.refresh_from_db()
    assert (movie.ratings_count, movie.ratings_sum) == (3, 8.5)
    assert movie_averages_refresh_all().corrected == 0


@pytest.mark.django_db(transaction=True)
def test_film_removed_during_an_import_fails_it(folder: Path, by_bulk: None, monkeypatch: pytest.MonkeyPatch) -> None:
    movie = Movie.objects.create(title="Film 1", tmdb_id=10)
    before = shape()
    ratings_write(folder, [(1, 1, 4.0, 1_000_000_000)])
    run_before_switch(monkeypatch, lambda: [f"DELETE FROM movies_movie WHERE id = {movie.pk}"])  # noqa: S608 - a number.

    with pytest.raises(DatasetError, match="Nothing was imported"):
        dataset_import(path=folder)

    assert [model.objects.count() for model in (Rating, User, Movie)] == [0, 0, 0]
    assert shape() == before


@pytest.mark.django_db(transaction=True)
def test_next_import_checks_keys_after_a_session_lost_behind_the_switch(
    folder: Path, by_bulk: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    before = shape()
    ratings_write(folder, [(1, 1, 4.0, 1_000_000_000)])

    def lose_session_then_validate(cursor: CursorWrapper, table: str) -> None:
        session = connection.copy()
        with session.cursor() as other:
            other.execute("SELECT pg_terminate_backend(%s)", [cursor.connection.info.backend_pid])
        session.close()
        table_keys_validate(cursor, table)

    with monkeypatch.context() as patched:
        patched.setattr(services, "table_keys_validate", lose_session_then_validate)
        assert dataset_import(path=folder).has_changes
    connection.close()

    assert "the next import does that" in caplog.text
    assert len(stored()) == 1
    assert shape() != before
    dataset_import(path=folder)
    assert shape() == before
