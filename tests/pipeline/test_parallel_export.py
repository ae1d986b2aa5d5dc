import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from django.db import connection, transaction
from tests.pipeline.worlds import World, world_create

from movies.models import Rating
from pipeline import parallel_export
from pipeline.models import Export
from pipeline.parallel_export import part_conditions, read_parts
from pipeline.services.exporting import ratings_export

N_USERS = 60


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel_export, "PART_PAGES", 1)


@pytest.fixture
def stored(transactional_db: None) -> World:
    """Ratings that other sessions see, too."""
    return world_create(n_users=N_USERS, n_movies=40)


def conditions() -> list[str]:
    with connection.cursor() as cursor:
        return part_conditions(cursor, table="movies_rating", column="user_id")


def sessions_within_transactions() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
        )
        return int(cursor.fetchone()[0])


@pytest.mark.django_db
def test_small_table_has_one_part(world: World) -> None:
    assert conditions() == ["true"]


def test_parts_hold_every_row_once_and_ascend(stored: World, in_parts: None) -> None:
    sizes, last = [], 0
    with connection.cursor() as cursor:
        for condition in conditions():
            cursor.execute(f"SELECT user_id FROM movies_rating WHERE {condition} ORDER BY 1")  # noqa: S608 - numbers.
            users = [user for (user,) in cursor.fetchall()]
            assert not users or last < users[0]
            last = users[-1] if users else last
            sizes.append(len(users))

    assert sum(sizes) == Rating.objects.count()
    assert len(sizes) > 3
    assert max(sizes) < 2 * sum(sizes) / len(sizes)


def test_export_in_parts_gives_the_same_bytes_as_one_at_once(
    stored: World, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ratings_export()
    monkeypatch.setattr(parallel_export, "PART_PAGES", 1)
    divided = ratings_export()

    assert (divided.sha256, divided.rows) == (whole.sha256, whole.rows)
    tables = [pq.read_table(export.path(Export.Format.PARQUET)) for export in (whole, divided)]
    assert tables[0].equals(tables[1])
    assert pq.ParquetFile(divided.path(Export.Format.PARQUET)).num_row_groups > 3


def test_all_parts_are_of_one_moment(stored: World, in_parts: None) -> None:
    queries = [f"SELECT user_id FROM movies_rating WHERE {condition}" for condition in conditions()]  # noqa: S608 - numbers.
    n_ratings = Rating.objects.count()
    with transaction.atomic():
        read = read_parts(queries)
        first = bytes(next(read))
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("DELETE FROM movies_rating")
        other.close()
        rest = b"".join(bytes(text) for text in read)

    assert (first + rest).count(b"\n") == n_ratings
    assert Rating.objects.count() == 0


def test_query_that_fails_ends_the_sessions(stored: World) -> None:
    with pytest.raises(Exception, match="division by zero"), transaction.atomic():
        list(read_parts(["SELECT 1", "SELECT 1 / 0", "SELECT 2", "SELECT 3", "SELECT 4"]))

    # The server takes a moment to notice that a session was closed.
    give_up_at = time.monotonic() + 30
    while sessions_within_transactions() and time.monotonic() < give_up_at:
        time.sleep(0.02)
    assert sessions_within_transactions() == 0
