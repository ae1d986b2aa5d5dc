from pathlib import Path

import pytest

from recommender.data.movielens_files import Link, MovieRow, read_links, read_movies_dat, read_u_item
from recommender.data.tables import BadRow, Problem


@pytest.mark.parametrize(
    ("row", "read"),
    [
        ("1,0114709,862", Link(1, "tt0114709", 862)),
        ("1,0114709,862.0", Link(1, "tt0114709", 862)),
        ("1,,", Link(1, None, None)),
        ("1,0114709,x", BadRow(2, Problem.BAD_ID, "1, 0114709, x")),
        ("1,x,862", BadRow(2, Problem.BAD_ID, "1, x, 862")),
        (",0114709,862", BadRow(2, Problem.BAD_ID, ", 0114709, 862")),
        ("1,0114709", BadRow(2, Problem.TORN, "2 fields instead of 3")),
    ],
)
def test_links_are_ids_or_blank(tmp_path: Path, row: str, read: Link | BadRow) -> None:
    path = tmp_path / "links.csv"
    path.write_text(f"movieId,imdbId,tmdbId\n{row}\n")
    assert list(read_links(path)) == [read]


def test_an_unused_column_cannot_make_a_link_bad(tmp_path: Path) -> None:
    path = tmp_path / "links.csv"
    path.write_text("movieId,imdbId,tmdbId\n1,x,862\n")
    assert list(read_links(path, columns=("movieId", "tmdbId"))) == [Link(1, None, 862)]


def test_movies_of_both_older_forms_have_the_same_columns(tmp_path: Path) -> None:
    dat, item = tmp_path / "movies.dat", tmp_path / "u.item"
    dat.write_bytes("1::Señor (1995)::Drama|War\n2::x\n".encode("latin-1"))
    (tmp_path / "u.genre").write_text("unknown|0\nDrama|1\nWar|2\n\n")
    item.write_bytes("1|Señor (1995)|01-Jan-1995|||1|1|1\n".encode("latin-1"))
    assert list(read_movies_dat(dat, encoding="latin-1")) == [
        MovieRow(1, "1", "Señor (1995)", ("Drama", "War")),
        BadRow(2, Problem.TORN, "2::x"),
    ]
    assert list(read_u_item(item)) == [MovieRow(1, "1", "Señor (1995)", ("Drama", "War"), "01-Jan-1995")]
