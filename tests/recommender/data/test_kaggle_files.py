from pathlib import Path

import pytest

from recommender.data.kaggle_files import parse_cast, parse_directors, read_by_tmdb_id
from recommender.data.tables import BadRow, Problem

CAST = "[{'name': 'Rex', 'order': 12}, {'name': 'Woody', 'order': 0}, {'name': 'A }, { B', 'order': 1}]"


def test_the_cast_is_in_the_order_of_the_credits() -> None:
    assert parse_cast(CAST) == ("Woody", "A }, { B", "Rex")
    assert parse_cast(CAST, below=10) == ("Woody", "A }, { B")


def test_directors_are_the_crew_with_that_job() -> None:
    crew = "[{'name': 'Ann', 'job': 'Director'}, {'name': 'Bob', 'job': 'Writer', 'department': 'Director'}]"
    assert parse_directors(crew) == ("Ann",)


@pytest.mark.parametrize("text", ["x", "[1]", "{}"])
def test_a_text_that_is_no_list_of_entries_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        parse_cast(text)


def test_rows_without_an_id_or_a_list_are_bad(tmp_path: Path) -> None:
    path = tmp_path / "keywords.csv"
    path.write_text("id,keywords\n7,[]\n1997-08-20,[]\n8,x\n")
    rows = list(read_by_tmdb_id(path, columns=("keywords",), parse=lambda cells: parse_cast(cells["keywords"])))
    assert rows == [
        (7, ()),
        BadRow(3, Problem.BAD_ID, "1997-08-20"),
        BadRow(4, Problem.BAD_LIST, "not a list"),
    ]
