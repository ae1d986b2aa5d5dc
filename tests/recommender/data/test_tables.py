from pathlib import Path

import pytest

from recommender.data.tables import BadRow, Problem, Row, detect_encoding, read_csv, read_rows, read_separated
from recommender.errors import DataError


def _file(folder: Path, content: bytes) -> Path:
    path = folder / "movies.csv"
    path.write_bytes(content)
    return path


def test_rows_have_their_first_line_and_their_cells_by_column(tmp_path: Path) -> None:
    path = _file(tmp_path, b'\xef\xbb\xbfid,title\r\n1,"Two\r\nlines"\r\n\r\n2,x\r\n')
    assert list(read_csv(path, columns=("id",))) == [
        Row(2, {"id": "1", "title": "Two\r\nlines"}),
        Row(5, {"id": "2", "title": "x"}),
    ]


def test_a_row_with_other_fields_than_the_header_is_bad(tmp_path: Path) -> None:
    path = _file(tmp_path, b"id,title\n1\n2,x\n")
    assert next(read_csv(path, columns=("id",))) == BadRow(2, Problem.TORN, "1 fields instead of 2")


def test_a_bad_row_gives_an_error_for_the_file(tmp_path: Path) -> None:
    error = BadRow(7, Problem.BAD_ID, "x").error(tmp_path)
    assert str(error) == f"{tmp_path}: line 7 cannot be read: id is no whole number (x)."


def test_each_read_is_reported_in_bytes(tmp_path: Path) -> None:
    content = b"1|a\n2|b\n"
    counts: list[int] = []
    path = _file(tmp_path, content)
    rows = list(read_separated(path, columns=("id", "name"), separator="|", encoding="utf-8", on_read=counts.append))
    assert rows == [Row(1, {"id": "1", "name": "a"}), Row(2, {"id": "2", "name": "b"})]
    assert sum(counts) == len(content)


@pytest.mark.parametrize("header", [b"", b"Youtube_Id,movie\n"])
def test_a_header_is_optional_if_the_columns_are_known(tmp_path: Path, header: bytes) -> None:
    path = _file(tmp_path, header + b"abc,7\n")
    (row,) = read_rows(path, columns=("youtube_id", "movie"))
    assert isinstance(row, Row)
    assert row.cells == {"youtube_id": "abc", "movie": "7"}


def test_the_encoding_is_utf8_or_latin1(tmp_path: Path) -> None:
    assert detect_encoding(_file(tmp_path, "Señor".encode())) == "utf-8-sig"
    assert detect_encoding(_file(tmp_path, "Señor".encode("latin-1"))) == "latin-1"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"title\nx\n", r"line 1: expected the columns id; found title \(missing: id\)"),
        (b"id\n1\n\xff\n", "line 3, byte 1: 0xff is not UTF-8"),
        (b'id\n"1\n' + b"2\n" * 200, "line 2: a quotation mark in this row is never closed"),
    ],
)
def test_an_unusable_file_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        list(read_csv(_file(tmp_path, content), columns=("id",)))
