from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from recommender.data.files import read_ratings_file
from recommender.data.ratings import Ratings
from recommender.errors import DataError

HEADER = "userId,movieId,rating,timestamp\n"


def _file(folder: Path, content: str, name: str = "ratings.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode())
    return path


def _rows(ratings: Ratings) -> list[tuple[int, int, float, int | None]]:
    times = [None] * len(ratings) if ratings.times is None else ratings.times.tolist()
    return list(zip(ratings.user_ids.tolist(), ratings.item_ids.tolist(), ratings.values.tolist(), times, strict=True))


WANTED = [(3, 1, 0.5, 1577923201), (7, 2, 4.5, 1577836800)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("ratings.csv", HEADER + "7,2,4.5,1577836800\n3,1,0.5,1577923201\n"),
        ("no-last-line-end.csv", HEADER + "7,2,4.5,1577836800\n3,1,0.5,1577923201"),
        ("windows.csv", HEADER + "7,2,4.5,1577836800\r\n3,1,0.5,1577923201\r\n"),
        ("byte-order-mark.csv", "\ufeff" + HEADER + "7,2,4.5,1577836800\n3,1,0.5,1577923201\n"),
        ("quoted.csv", '"userId","movieId","rating","timestamp"\n"7","2","4.5","1577836800"\n3,1,0.5,1577923201\n'),
        ("order.csv", "timestamp,rating,userId,movieId\n1577836800,4.5,7,2\n1577923201,.5,3,1\n"),
        ("more.csv", "x,userId,title,movieId,rating,timestamp\na,7,Heat,2,4.5,1577836800\nb,3,Cats,1,0.5,1577923201\n"),
        ("blank-lines.csv", HEADER + "7,2,4.5,1577836800\n\n3,1,0.5,1577923201\n\n"),
        (
            "iso.csv",
            "userId,movieId,rating,createdAt\n7,2,4.5,2020-01-01T00:00:00+00:00\n3,1,0.5,2020-01-02T00:00:01Z\n",
        ),
        ("seconds.csv", "userId,movieId,rating,createdAt\n7,2,4.5,1577836800\n3,1,0.5,1577923201\n"),
        ("tabs.csv", "userId\tmovieId\trating\ttimestamp\n7\t2\t4.5\t1577836800\n3\t1\t0.5\t1577923201\n"),
        ("u.data", "7\t2\t4.5\t1577836800\n3\t1\t0.5\t1577923201\n"),
        ("ratings.dat", "7::2::4.5::1577836800\n3::1::0.5::1577923201\n"),
        ("names.dat", "userId::movieId::rating::timestamp\n7::2::4.5::1577836800\n3::1::0.5::1577923201\n"),
    ],
)
def test_every_usual_form_gives_the_same_ratings(tmp_path: Path, name: str, content: str) -> None:
    assert _rows(read_ratings_file(_file(tmp_path, content, name))) == WANTED


@pytest.mark.parametrize("integer", [pa.int32(), pa.int64()])
@pytest.mark.parametrize("number", [pa.float32(), pa.float64(), pa.decimal128(3, 1)])
def test_parquet_gives_the_same_ratings(tmp_path: Path, integer: pa.DataType, number: pa.DataType) -> None:
    from decimal import Decimal  # noqa: PLC0415 - what Arrow makes decimals of.

    when = [datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, 0, 0, 1, tzinfo=UTC)]
    columns = {
        "createdAt": pa.array(when, pa.timestamp("us", tz="UTC")),
        "rating": pa.array([Decimal("4.5"), Decimal("0.5")]).cast(number),
        "userId": pa.array([7, 3], integer),
        "movieId": pa.array([2, 1], integer),
    }
    pyarrow.parquet.write_table(pa.table(columns), tmp_path / "ratings.parquet")
    assert _rows(read_ratings_file(tmp_path / "ratings.parquet")) == WANTED


def test_times_are_kept_only_where_every_rating_has_one(tmp_path: Path) -> None:
    assert read_ratings_file(_file(tmp_path, "userId,movieId,rating\n1,1,3\n")).times is None
    assert read_ratings_file(_file(tmp_path, "1::1::3\n1::2::3\n", "r.dat")).times is None
    assert read_ratings_file(_file(tmp_path, HEADER + "1,1,3,978824268\n1,2,3,\n")).times is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "line 1 is blank: a header such as userId,movieId,rating must stand there"),
        (HEADER, "holds no ratings"),
        ("userId,rating\n1,3.0\n", "line 1: column 'movieId' is missing from the header; found 'userId', 'rating'"),
        ("1,31,2.5,1260759144\n", "line 1: column 'userId' is missing from the header"),
        ("userId,movieId,rating,rating\n1,1,1,1\n", "line 1: column 'rating' stands in the header twice"),
        (HEADER + "1,1,3.0,1\n\n1,2\n", "line 4 has 2 columns and must have 4: '1,2'"),
        (HEADER + "1,1,3.0,1\n1,2,3.0,2,5\n", "line 3 has 5 columns and must have 4"),
        (HEADER + "1,1,3.0,1\n\n1,2,,2\n", "line 4, column 'rating' is blank: it must be a number"),
        (HEADER + "1,1,3.0,1\n,2,3.0,2\n", "line 3, column 'userId' is blank: it must be a whole number"),
        (HEADER + "1,1,3.0,1\n1,two,3.0,2\n", "line 3, column 'movieId' is 'two': it must be a whole number"),
        (HEADER + "1,1,3.0,1\n1.5,2,3.0,2\n", "line 3, column 'userId' is '1.5': it must be a whole number"),
        (HEADER + "1,1,3.0,1\n1,2,good,2\n", "line 3, column 'rating' is 'good': it must be a number"),
        (HEADER + "1,1,3.0,1\n1,2,3.0,noon\n", "line 3, column 'timestamp' is 'noon': it must be a whole number"),
        (HEADER + "1,1,nan,1\n1,2,3.0,2\n", "line 2, column 'rating' is nan: it must be a number from 0.5 to 5.0"),
        (HEADER + "1,1,3.0,1\n1,2,11,2\n", "line 3, column 'rating' is 11: it must be a number from 0.5 to 5.0"),
        (HEADER + "1,1,0,1\n", "line 2, column 'rating' is 0: it must be"),
        (
            HEADER + "1,1,3.0,1\n2,1,3.0,1\n\n1,1,4.0,2\n2,1,4.0,2\n",
            "line 5: user 1 rated movie 1 before, on line 2: keep one rating per user and movie",
        ),
        (
            "userId,movieId,rating,createdAt\n1,1,3.0,yesterday\n",
            "column 'createdAt' must hold a time in Unix seconds or ISO 8601",
        ),
        ("1::2\n", "line 1 has 2 columns: without a header they must be user, movie, rating and, if known, time"),
        ("1::2::3::4\n1::2:3::4\n", "line 2 has 3 columns and must have 4"),
        ("1::2::3::4\n1:x:3::4::5\n", "line 2 has 3 columns"),
        ("1\t2\t3\t4\nx\t2\t3\t4\n", "line 2, column 'userId' is 'x'"),
        ("PK\x03\x04 an archive", "line 1: column 'userId' is missing"),
    ],
)
def test_the_error_for_a_bad_file_names_file_line_and_column(tmp_path: Path, content: str, message: str) -> None:
    path = _file(tmp_path, content)
    with pytest.raises(DataError) as caught:
        read_ratings_file(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"userId": [1], "rating": [3.0]}, "column 'movieId' is missing; found userId, rating"),
        ({"userId": [1, 2], "movieId": [1, None], "rating": [3.0, 3.0]}, "row 2, column 'movieId' is blank"),
        ({"userId": [1], "movieId": [1.5], "rating": [3.0]}, "column 'movieId' must hold a whole number in each row"),
        ({"userId": [1], "movieId": [1], "rating": [6.0]}, "row 1, column 'rating' is 6"),
        ({"userId": [1, 1], "movieId": [2, 2], "rating": [3, 4]}, "row 2: user 1 rated movie 2 before, on row 1"),
        ({"title": ["Heat"]}, "column 'userId' is missing"),
    ],
)
def test_the_error_for_a_bad_parquet_file_names_row_and_column(tmp_path: Path, columns: object, message: str) -> None:
    path = tmp_path / "ratings.parquet"
    pyarrow.parquet.write_table(pa.table(columns), path)
    with pytest.raises(DataError) as caught:
        read_ratings_file(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)


def test_a_path_that_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        read_ratings_file(tmp_path / "ratings.csv")
    with pytest.raises(DataError, match="is not a file"):
        read_ratings_file(tmp_path)
    with pytest.raises(DataError, match=r"ratings\.parquet: cannot be read as ratings"):
        read_ratings_file(_file(tmp_path, "PK not parquet", "ratings.parquet"))


def test_a_bad_line_far_into_a_file_of_many_blocks_is_named(tmp_path: Path) -> None:
    lines = [f"{row // 500 + 1},{row % 500 + 1},3.0,{10**9 + row}\n" for row in range(400_000)]
    lines[387_654] = "776,155,tolerable,1000387654\n"
    with pytest.raises(DataError, match="line 387656, column 'rating' is 'tolerable'"):
        read_ratings_file(_file(tmp_path, HEADER + "".join(lines)))


@pytest.mark.parametrize(
    ("name", "n_ratings", "n_users", "timed"),
    [
        ("ml-100k/u.data", 100_000, 943, True),
        ("ml-100k/u1.base", 80_000, 943, True),
        ("ml-1m/ratings.dat", 487_650, 2_999, True),
        ("ml-1m/ratings-900k.csv", 900_306, 6_040, False),
        ("ml-latest-small/ratings.csv", 100_836, 610, True),
        ("the-movies-dataset/ratings_small.csv", 100_004, 671, True),
    ],
)
def test_real_files_are_read(shared_data: Path, name: str, n_ratings: int, n_users: int, timed: bool) -> None:  # noqa: FBT001 - a parameter of a test.
    ratings = read_ratings_file(shared_data / name)
    assert (len(ratings), len(ratings.users)) == (n_ratings, n_users)
    assert (ratings.times is not None) is timed


def test_a_real_file_gives_the_values_of_its_lines(shared_data: Path) -> None:
    path = shared_data / "ml-100k" / "u.data"
    ratings = read_ratings_file(path)
    lines = np.loadtxt(path, dtype=np.int64)
    lines = lines[np.lexsort((lines[:, 1], lines[:, 0]))]
    assert ratings.times is not None
    np.testing.assert_array_equal(ratings.user_ids, lines[:, 0])
    np.testing.assert_array_equal(ratings.item_ids, lines[:, 1])
    np.testing.assert_array_equal(ratings.values, lines[:, 2])
    np.testing.assert_array_equal(ratings.times, lines[:, 3])
