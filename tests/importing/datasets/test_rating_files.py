from pathlib import Path

import numpy as np
import pytest

from importing.datasets import rating_files
from importing.datasets.dataset import RatingBlock, Reason
from importing.datasets.rating_files import _Parser, read_rating_blocks
from recommender.data.text_dialect import COLUMNS, TextDialect
from recommender.errors import DataError

HEADER = "userId,movieId,rating,timestamp\n"


def read(file: Path, separator: str = ",") -> list[RatingBlock]:
    return list(read_rating_blocks(file, separator=separator))


def rows(file: Path, separator: str = ",") -> list[tuple[int, int, float, int, int]]:
    columns = [(b.users, b.movies, b.values, b.times, b.lines) for b in read(file, separator)]
    return [row for block in columns for row in zip(*(column.tolist() for column in block), strict=True)]


def faults(file: Path, separator: str = ",") -> list[tuple[int, Reason]]:
    return sorted((skip.line, skip.reason) for block in read(file, separator) for skip in block.skips)


def csv_file(folder: Path, text: str) -> Path:
    path = folder / "ratings.csv"
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last_end", [True, False])
def test_ratings_are_read_with_their_lines(tmp_path: Path, end: str, last_end: bool) -> None:  # noqa: FBT001  # A parameter of the test.
    text = end.join([HEADER.strip(), "1,31,2.5,1260759144", "7,2,5,0"]) + end * last_end

    assert rows(csv_file(tmp_path, text)) == [(1, 31, 2.5, 1260759144, 2), (7, 2, 5.0, 0, 3)]


def test_columns_are_found_by_name_in_any_order_among_others(tmp_path: Path) -> None:
    file = csv_file(tmp_path, "\ufefftimestamp,rating,note,userId,movieId\n9,0.5,x,3,4\n")

    assert rows(file) == [(3, 4, 0.5, 9, 2)]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1,2,3", Reason.TORN),
        ("1,2,3.0,4,5", Reason.TORN),
        ("1", Reason.TORN),
        ("x,2,3.0,4", Reason.BAD_USER),
        (",2,3.0,4", Reason.BAD_USER),
        ("-1,2,3.0,4", Reason.BAD_USER),
        ("1.5,2,3.0,4", Reason.BAD_USER),
        ("99999999999999999999999,2,3.0,4", Reason.BAD_USER),
        ("1,two,3.0,4", Reason.BAD_MOVIE),
        ("1,4294967296,3.0,4", Reason.BAD_MOVIE),
        ("1,2,NaN,4", Reason.BAD_RATING),
        ("1,2,nan,4", Reason.BAD_RATING),
        ("1,2,,4", Reason.BAD_RATING),
        ("1,2,0,4", Reason.BAD_RATING),
        ("1,2,11,4", Reason.BAD_RATING),
        ("1,2,3.3,4", Reason.BAD_RATING),
        ("1,2,inf,4", Reason.BAD_RATING),
        ("1,2,-4,4", Reason.BAD_RATING),
        ("1,2,good,4", Reason.BAD_RATING),
        ("1,2,3.0,", Reason.BAD_TIME),
        ("1,2,3.0,yesterday", Reason.BAD_TIME),
        ("1,2,3.0,-5", Reason.BAD_TIME),
        ("1,2,3.0,1260759144000", Reason.BAD_TIME),
        ('1,2,"3.0\n",4', Reason.TORN),
    ],
)
def test_bad_row_is_left_out_by_line_and_reason(tmp_path: Path, row: str, reason: Reason) -> None:
    file = csv_file(tmp_path, f"{HEADER}1,1,4.0,10\n{row}\n1,3,4.0,10\n")

    assert faults(file)[0] == (3, reason)
    last_line = 4 + row.count("\n")
    assert [(movie, line) for _user, movie, _value, _time, line in rows(file)] == [(1, 2), (3, last_line)]


def test_blank_lines_are_no_rows_but_count_as_lines(tmp_path: Path) -> None:
    file = csv_file(tmp_path, f"{HEADER}\n1,1,4.0,10\n\n1,2,4.0,10\n\n")

    assert [row[-1] for row in rows(file)] == [3, 5]
    assert faults(file) == []


def test_bad_rows_are_found_anywhere_in_a_file_of_many_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rating_files, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(rating_files, "PIECE_BYTES", 60)
    random = np.random.default_rng(3)
    bad_lines = set(random.choice(np.arange(2, 3002), 40, replace=False).tolist())
    text = "".join("1,oops,4.0,10\n" if line in bad_lines else f"1,{line},4.0,10\n" for line in range(2, 3002))
    file = csv_file(tmp_path, HEADER + text)

    assert [line for line, _reason in faults(file)] == sorted(bad_lines)
    assert all(movie == line for _user, movie, _value, _time, line in rows(file))
    assert len(rows(file)) == 3000 - 40


CELLS = ["1", "007", " 2 ", "+3", "-0", "4e0", "4.0", "3.50", ".5", "5.", "0x1F", "1_0", "nan", "\t5", "1f", "\u0663"]


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("cell", CELLS)
def test_reading_by_block_and_by_line_agree(cell: str, place: int) -> None:
    parser = _Parser("ratings.csv", TextDialect(",", COLUMNS, header=True))
    row = ["1", "2", "3.5", "4"]
    row[place] = cell
    block = ",".join(row).encode() + b"\n"

    whole, by_line = parser.parse(block, 2), parser._parse_lines(block, 2)

    assert (whole.users.tolist(), whole.movies.tolist()) == (by_line.users.tolist(), by_line.movies.tolist())
    assert (whole.values.tolist(), whole.times.tolist()) == (by_line.values.tolist(), by_line.times.tolist())


def test_older_data_sets_separate_columns_by_double_colons(tmp_path: Path) -> None:
    path = tmp_path / "ratings.dat"
    path.write_bytes(b"1::122::0.5::838985046\n1:185::5::838983525\n1::231::4::838983392\n")

    assert rows(path, "::") == [(1, 122, 0.5, 838985046, 1), (1, 231, 4.0, 838983392, 3)]
    assert faults(path, "::") == [(2, Reason.TORN)]


def test_the_oldest_data_set_separates_columns_by_tabs(tmp_path: Path) -> None:
    path = tmp_path / "u.data"
    path.write_bytes(b"196\t242\t3\t881250949\n")

    assert rows(path, "\t") == [(196, 242, 3.0, 881250949, 1)]


def test_error_for_a_missing_column_lists_the_columns_found(tmp_path: Path) -> None:
    file = csv_file(tmp_path, "user,movieId,stars\n1,2,3\n")

    with pytest.raises(DataError, match=r"line 1: expected .*found user, movieId, stars \(missing: userId, rating"):
        read(file)


@pytest.mark.parametrize("separator", [",", "::"])
def test_empty_file_is_refused(tmp_path: Path, separator: str) -> None:
    (tmp_path / "ratings.csv").touch()

    with pytest.raises(DataError, match="is empty"):
        read(tmp_path / "ratings.csv", separator)
