from pathlib import Path

import pytest
from tests.terms import terms_of

from recommender.data.catalogue_files import read_catalogue
from recommender.errors import DataError


def words(names: list[str]) -> str:
    return str([{"id": place, "name": name} for place, name in enumerate(names)])


@pytest.fixture
def kaggle(tmp_path: Path) -> Path:
    """Two films, linked to three MovieLens ids, and a record torn in two."""
    quoted = words(["Drama", "War"]).replace('"', '""')
    (tmp_path / "movies_metadata.csv").write_text(
        f'genres,id,title\n"{quoted}",500,One\n"[]",600,Two\n"[]",1997-08-20,torn\n', encoding="utf-8"
    )
    keywords = words(["it's", "sea"]).replace('"', '""')
    (tmp_path / "keywords.csv").write_text(f'id,keywords\n500,"{keywords}"\n500,"[]"\n', encoding="utf-8")
    cast = str([{"name": f"Actor {order}", "order": order} for order in range(12, -1, -1)])
    crew = str([{"name": "Ann", "job": "Director"}, {"name": "Bob", "job": "Editor"}])
    (tmp_path / "credits.csv").write_text(f'cast,crew,id\n"{cast}","{crew}",600\n', encoding="utf-8")
    (tmp_path / "links.csv").write_text(
        "movieId,imdbId,tmdbId\n1,0,500\n2,0,600\n3,0,\n4,0,999\n5,0,500.0\n", encoding="utf-8"
    )
    return tmp_path


def test_a_kaggle_catalogue_has_the_movielens_ids_of_its_ratings(kaggle: Path) -> None:
    catalogue = read_catalogue(kaggle)
    assert catalogue.items.ids.tolist() == [1, 2, 5]
    assert terms_of(catalogue.genres, 0) == terms_of(catalogue.genres, 2) == ("Drama", "War")
    assert terms_of(catalogue.keywords, 0) == ("it's", "sea")
    assert terms_of(catalogue.directors, 1) == ("Ann",)
    assert sorted(terms_of(catalogue.cast, 1)) == sorted(f"Actor {order}" for order in range(10))


def test_a_kaggle_folder_needs_its_links_but_not_its_keywords(kaggle: Path) -> None:
    (kaggle / "keywords.csv").unlink()
    (kaggle / "credits.csv").unlink()
    assert read_catalogue(kaggle).keywords.words == ()
    (kaggle / "links.csv").unlink()
    with pytest.raises(DataError, match=r"links\.csv: is missing"):
        read_catalogue(kaggle)


@pytest.mark.parametrize("cell", ["nonsense", "3", "[3]", "[{}]", "(" * 9999])
def test_the_error_for_a_cell_that_is_no_list_names_file_and_line(kaggle: Path, cell: str) -> None:
    (kaggle / "keywords.csv").write_text(f"id,keywords\n600,[]\n500,{cell}\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"keywords\.csv: line 3 cannot be read"):
        read_catalogue(kaggle)


def test_the_error_for_a_link_that_is_no_number_names_file_and_line(kaggle: Path) -> None:
    (kaggle / "links.csv").write_text("movieId,imdbId,tmdbId\n1,0,inf\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"links\.csv: line 2 cannot be read"):
        read_catalogue(kaggle)


def test_genres_of_movielens_are_read_in_its_three_forms(tmp_path: Path) -> None:
    (tmp_path / "movies.csv").write_bytes(b'movieId,title,genres\r\n3,"A, B",Drama|War\r\n1,C,(no genres listed)\r\n')
    (tmp_path / "movies.dat").write_bytes("3::Señor::Drama|War\n1::C::Comedy\n".encode("latin-1"))
    (tmp_path / "u.genre").write_text("unknown|0\nDrama|1\nWar|2\n\n", encoding="utf-8")
    (tmp_path / "u.item").write_bytes("3|Señor|||x|0|1|1\n1|C|||x|1|0|0\n".encode("latin-1"))
    for name in ("movies.csv", "movies.dat", "u.item"):
        catalogue = read_catalogue(tmp_path / name)
        assert catalogue.items.ids.tolist() == [1, 3]
        assert terms_of(catalogue.genres, 1) == ("Drama", "War")
    assert terms_of(catalogue.genres, 0) == ()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("movies.csv", "movieId,title\n1,A\n", r"movies\.csv, line 1: .*found movieId, title \(missing: genres\)"),
        ("movies.csv", "movieId,genres\n1,A\nx,A\n", r"movies\.csv: line 3 cannot be read"),
        ("movies.csv", "movieId,genres\n1,A\n1,B\n", r"movies\.csv: line 3 .*id 1 occurs a second time"),
        ("movies.csv", "movieId,genres\n1,\0\udcff\n", r"movies\.csv, line 2, byte 4: 0xff is not UTF-8"),
        ("movies.dat", "1::A::Drama\n2::B\n", r"movies\.dat: line 2 cannot be read: torn row \(2::B\)"),
        ("u.item", "1|A\n", r"u\.genre: is missing"),
        ("films.csv", "1", r"films\.csv: is no catalogue by its name"),
    ],
)
def test_the_error_for_an_unreadable_file_names_the_place(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    (tmp_path / name).write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(DataError, match=message):
        read_catalogue(tmp_path / name)


def test_a_folder_without_a_catalogue_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no catalogue"):
        read_catalogue(tmp_path)
    with pytest.raises(DataError, match="there is no such file"):
        read_catalogue(tmp_path / "movies.csv")


@pytest.mark.parametrize(("name", "n_items", "n_genres"), [("ml-latest-small", 9742, 19), ("ml-1m", 3883, 18)])
def test_real_movielens_files_are_read(shared_data: Path, name: str, n_items: int, n_genres: int) -> None:
    catalogue = read_catalogue(shared_data / name)
    assert (len(catalogue), len(catalogue.genres.words)) == (n_items, n_genres)


def test_the_unknown_film_of_movielens_100k_has_no_genre(shared_data: Path) -> None:
    catalogue = read_catalogue(shared_data / "ml-100k")
    assert (len(catalogue), len(catalogue.genres.words)) == (1682, 18)
    assert terms_of(catalogue.genres, int(catalogue.items.positions([267])[0])) == ()


@pytest.mark.slow
def test_the_real_kaggle_folder_is_read(shared_data: Path) -> None:
    catalogue = read_catalogue(shared_data / "the-movies-dataset")
    toy_story = int(catalogue.items.positions([1])[0])
    assert len(catalogue.genres.words) == 20
    assert "toy" in terms_of(catalogue.keywords, toy_story)
    assert terms_of(catalogue.directors, toy_story) == ("John Lasseter",)
    assert len(terms_of(catalogue.cast, toy_story)) == 10
