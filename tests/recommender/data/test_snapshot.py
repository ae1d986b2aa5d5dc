from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from recommender.data import snapshot
from recommender.data.snapshot import read_snapshot
from recommender.errors import DataError

HEADER = "userId,movieId,rating,createdAt\n"


def _csv(folder: Path, content: str) -> Path:
    path = folder / "ratings.csv"
    path.write_text(content)
    return path


def test_a_csv_snapshot_is_read_with_its_times(tmp_path: Path) -> None:
    ratings = read_snapshot(
        _csv(tmp_path, HEADER + "7,2,4.5,2020-01-01T00:00:00+00:00\n3,1,0.5,2020-01-02T00:00:01Z\n")
    )
    assert ratings.user_ids.tolist() == [3, 7]
    assert ratings.values.tolist() == [0.5, 4.5]
    assert ratings.times is not None
    assert ratings.times.tolist() == [1577923201, 1577836800]


def test_parquet_and_csv_snapshots_give_the_same_ratings(tmp_path: Path) -> None:
    path = tmp_path / "ratings.parquet"
    when = pa.array([datetime(2020, 1, 1, tzinfo=UTC)] * 2, pa.timestamp("us", tz="UTC"))
    columns = {"userId": [7, 3], "movieId": [2, 1], "rating": pa.array([4.5, 0.5], pa.float32()), "createdAt": when}
    pyarrow.parquet.write_table(pa.table(columns), path)
    ratings = read_snapshot(path)
    twin = read_snapshot(
        _csv(
            tmp_path,
            HEADER + "7,2,4.5,2020-01-01T00:00:00Z\n3,1,0.5,1577836800\n".replace("1577836800", "2020-01-01T00:00:00Z"),
        )
    )
    for name in ("user_ids", "item_ids", "values", "times"):
        assert getattr(ratings, name).tolist() == getattr(twin, name).tolist()


def test_a_parquet_snapshot_is_read_part_by_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "_PART_ROWS", 3)
    path = tmp_path / "ratings.parquet"
    columns = {
        "userId": [1, 1, 2, 2, 4, 4, 4],
        "movieId": [1, 5, 1, 6, 5, 6, 7],
        "rating": [0.5 * n for n in range(1, 8)],
    }
    pyarrow.parquet.write_table(pa.table({**columns, "createdAt": range(7)}), path, row_group_size=2)
    ratings = read_snapshot(path)
    assert ratings.user_ids.tolist() == columns["userId"]
    assert ratings.item_ids.tolist() == columns["movieId"]
    assert ratings.values.tolist() == columns["rating"]
    assert ratings.times is not None
    assert ratings.times.tolist() == list(range(7))


def test_the_error_for_a_bad_value_names_its_row_in_the_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "_PART_ROWS", 3)
    path = tmp_path / "ratings.parquet"
    columns = {"userId": range(8), "movieId": range(8), "rating": [3.0] * 6 + [None, 3.0]}
    pyarrow.parquet.write_table(pa.table(columns), path)
    with pytest.raises(DataError, match="row 7, column 'rating' is blank"):
        read_snapshot(path)


def test_a_parquet_snapshot_without_rows_holds_no_ratings(tmp_path: Path) -> None:
    path = tmp_path / "ratings.parquet"
    pyarrow.parquet.write_table(pa.table({"userId": pa.array([], pa.int32())}), path)
    with pytest.raises(DataError, match="holds no ratings"):
        read_snapshot(path)


def test_times_may_be_absent_or_unix_seconds(tmp_path: Path) -> None:
    assert read_snapshot(_csv(tmp_path, "userId,movieId,rating\n1,1,3\n")).times is None
    times = read_snapshot(_csv(tmp_path, HEADER + "1,1,3,978824268\n")).times
    assert times is not None
    assert times.tolist() == [978824268]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "cannot be read as ratings"),
        (HEADER, "holds no ratings"),
        ("userId,rating\n1,3.0\n", "column 'movieId' is missing; found userId, rating"),
        (HEADER + "1,1,3.0,2020-01-01\n1,2\n", "cannot be read as ratings"),
        (HEADER + "1,1,3.0,1\n1,2,,2\n", "row 2, column 'rating' is blank"),
        (HEADER + "1,1,nan,1\n1,2,3.0,2\n", "row 1, column 'rating' is"),
        (HEADER + "1,1,3.0,1\n1,2,11,2\n", "row 2, column 'rating' is 11: it must be a number from 0.5 to 5.0"),
        (HEADER + "1,x,3.0,1\n", "column 'movieId' must hold a whole number in each row, but holds string"),
        (HEADER + "1,1,3.0,yesterday\n", "column 'createdAt' must hold a time in Unix seconds or ISO 8601"),
        (HEADER + "1,1,3.0,1\n1,1,4.0,2\n", "User 1 rated item 1 twice"),
    ],
)
def test_the_error_for_a_bad_snapshot_names_file_row_and_column(tmp_path: Path, content: str, message: str) -> None:
    path = _csv(tmp_path, content)
    with pytest.raises(DataError, match=message) as caught:
        read_snapshot(path)
    assert str(path) in str(caught.value)


def test_a_missing_snapshot_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file: export the ratings first"):
        read_snapshot(tmp_path / "ratings.parquet")


def test_a_file_with_the_suffix_but_not_the_format_of_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ratings.parquet"
    path.write_bytes(b"PK\x03\x04 not parquet")
    with pytest.raises(DataError, match=r"ratings\.parquet: cannot be read as ratings"):
        read_snapshot(path)


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ratings.zip"
    path.write_bytes(b"PK")
    with pytest.raises(DataError, match=r"ends in \.parquet or \.csv"):
        read_snapshot(path)
