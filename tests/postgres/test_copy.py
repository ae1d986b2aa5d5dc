import io
from collections.abc import Iterator

import numpy as np
import pytest
from django.db import IntegrityError, connection, transaction

from postgres.copy import Columns, copy_in_arrays, copy_in_rows, copy_out_arrays, copy_out_csv

pytestmark = pytest.mark.django_db


def test_arrays_survive_a_round_trip() -> None:
    ids = np.array([3, 1, -2_000_000_000], dtype=np.int32)
    stars = np.array([0.5, np.nan, 4.25], dtype=np.float32)
    counts = np.array([2**40, 0, -1], dtype=np.int64)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE sent (id integer, stars real, n bigint)")
        part: Columns = {"n": counts, "id": ids, "stars": stars}
        copy_in_arrays(cursor, "sent", ["id", "stars", "n"], [part, part])

        got = copy_out_arrays(cursor, "SELECT stars, id, n FROM sent", [], {"stars": "f4", "id": "i4", "n": "i8"})

    np.testing.assert_array_equal(got["id"], np.tile(ids, 2))
    np.testing.assert_array_equal(got["stars"], np.tile(stars, 2))
    np.testing.assert_array_equal(got["n"], np.tile(counts, 2))
    assert got["id"].dtype == np.int32


def test_lists_of_each_length_are_written_and_empty_ones_too() -> None:
    parts: list[Columns] = [
        {
            "user_id": np.arange(n, n + 2, dtype=np.int32),
            "movie_ids": np.full((2, n), n, dtype=np.int32),
            "scores": np.full((2, n), n / 4, dtype=np.float32),
        }
        for n in (0, 1, 300)
    ]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE lists (user_id integer, movie_ids integer[], scores real[])")
        copy_in_arrays(cursor, "lists", ["user_id", "movie_ids", "scores"], parts)
        cursor.execute("SELECT movie_ids, scores FROM lists ORDER BY cardinality(movie_ids)")
        rows = cursor.fetchall()
        cursor.execute("SELECT count(*) FROM lists WHERE movie_ids = '{}' AND scores = '{}'")
        n_empty = cursor.fetchone()[0]

    assert n_empty == 2
    assert rows[2] == ([1], [0.25])
    assert rows[4] == ([300] * 300, [75.0] * 300)


@pytest.mark.parametrize(
    "query", ["SELECT NULL::integer AS id", "SELECT 1::bigint AS id", "SELECT 1 AS id, 2 AS other"]
)
def test_columns_of_other_types_are_refused(query: str) -> None:
    with connection.cursor() as cursor, pytest.raises(ValueError, match="without nulls"):
        copy_out_arrays(cursor, query, [], {"id": np.int32})


def test_no_rows_give_empty_arrays() -> None:
    with connection.cursor() as cursor:
        got = copy_out_arrays(cursor, "SELECT 1 AS id WHERE %s", [False], {"id": np.int32})

    assert got["id"].shape == (0,)


def test_csv_has_quotes_and_utc_times() -> None:
    query = """SELECT 'a "b", c' AS title, '2026-03-29 03:30:00+02'::timestamptz AS "at" """
    received = io.BytesIO()
    with transaction.atomic(), connection.cursor() as cursor:
        rows = copy_out_csv(cursor, query, received)

    assert rows == 1
    assert received.getvalue().decode() == '"a ""b"", c",2026-03-29 01:30:00+00\n'


def test_rows_survive_a_round_trip() -> None:
    rows = [(1, 'a "b", c', ("x,y", 'quo"te', "back\\slash"), True), (2, "", (), None)]
    with connection.cursor() as cursor:
        cursor.execute('CREATE TEMP TABLE sent (id integer, title text, "cast" text[], is_new boolean)')
        copy_in_rows(cursor, "sent", ["id", "title", "cast", "is_new"], rows)
        cursor.execute("SELECT * FROM sent ORDER BY id")
        stored = cursor.fetchall()

    assert stored == [(1, 'a "b", c', ["x,y", 'quo"te', "back\\slash"], True), (2, None, None, None)]


@pytest.mark.parametrize("failure", [KeyboardInterrupt, LookupError])
def test_error_of_the_row_iterator_is_raised_unchanged_and_nothing_is_stored(failure: type[BaseException]) -> None:
    def rows() -> Iterator[tuple[int]]:
        yield (1,)
        raise failure

    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE sent (id integer)")
        with pytest.raises(failure), transaction.atomic():
            copy_in_rows(cursor, "sent", ["id"], rows())
        cursor.execute("SELECT count(*) FROM sent")
        assert cursor.fetchone() == (0,)


def test_rejected_rows_raise_a_django_error() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE sent (id integer CHECK (id > 0))")
        with pytest.raises(IntegrityError), transaction.atomic():
            copy_in_arrays(cursor, "sent", ["id"], [{"id": np.zeros(1, dtype=np.int32)}])
