"""Reading the questions of leave-last-out."""

from pathlib import Path

import pytest

from recommender.data.test_cases import read_last_file, read_negatives_file
from recommender.errors import DataError


def _file(folder: Path, text: str) -> Path:
    path = folder / "questions.csv"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        "userId,movieId\n7,70\n3,30\n",
        "7,70\n3,30",
        "\ufeffuserId,movieId\r\n7, 70\r\n3,30\r\n\r\n",
        "7::70::5\n3::30::4\n",
        "7\t70\n3 30\n",
    ],
)
def test_test_cases_are_read_in_the_order_of_the_file(tmp_path: Path, text: str) -> None:
    users, movies = read_last_file(_file(tmp_path, text))
    assert users.tolist() == [7, 3]
    assert movies.tolist() == [70, 30]


@pytest.mark.parametrize("text", ["1,2,3\n4,5,6\n", "1 2 3\r\n4 5 6\r\n", "1, 2, 3\n4\t5\t6\n\n"])
def test_negatives_are_read_with_any_separator(tmp_path: Path, text: str) -> None:
    assert read_negatives_file(_file(tmp_path, text), n_rows=2).tolist() == [[1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("userId,movieId\n", "holds no test cases"),
        ("1,2\n3\n", "line 2 has one field"),
        ("1,2\n1,3\n", "line 2 repeats user 1"),
        ("1,2\n3,four\n", "line 2, column 2 is 'four'"),
        ("1,2\n3,4.5\n", "line 2, column 2 is '4.5'"),
        ("1,99999999999999999999\n", "line 1, column 2 is '99999999999999999999'"),
    ],
)
def test_the_error_for_a_bad_test_case_names_the_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_last_file(_file(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,2\n", "has 1 lines for 2 test cases"),
        ("1,2\n3\n", "row 2 holds 1 movies and the first one 2"),
        ("1,2\n3,x\n", "line 2, column 2 is 'x'"),
    ],
)
def test_the_error_for_bad_negatives_names_the_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_negatives_file(_file(tmp_path, text), n_rows=2)


def test_a_missing_or_binary_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        read_last_file(tmp_path / "absent.csv")
    (tmp_path / "binary.csv").write_bytes(b"1,2\n\xff\xfe\n")
    with pytest.raises(DataError, match="line 2, byte 1: 0xff is not UTF-8"):
        read_last_file(tmp_path / "binary.csv")
