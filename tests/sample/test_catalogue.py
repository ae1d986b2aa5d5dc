from collections import Counter
from pathlib import Path

import pytest

from sample.catalogue import COLUMNS, GENRES, MOVIES_PATH, CatalogueError, SampleMovie, read_catalogue

HEAT = (
    "Heat,,1995,170,Action|Crime,Michael Mann,Al Pacino|Robert De Niro|Val Kilmer,"
    "heist|police|los angeles|obsession,5,4"
)
HEADER = ",".join(COLUMNS)


def written(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "films.csv"
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return path


def test_a_line_becomes_a_film(tmp_path: Path) -> None:
    (movie,) = read_catalogue(written(tmp_path, HEAT))

    assert movie == SampleMovie(
        title="Heat",
        original_title="",
        year=1995,
        runtime=170,
        genres=("Action", "Crime"),
        directors=("Michael Mann",),
        cast=("Al Pacino", "Robert De Niro", "Val Kilmer"),
        keywords=("heist", "police", "los angeles", "obsession"),
        acclaim=5,
        fame=4,
    )


def test_every_genre_has_its_films(movies: list[SampleMovie]) -> None:
    counts = Counter(genre for movie in movies for genre in movie.genres)

    assert set(counts) == set(GENRES)
    least = {"Science Fiction": 60, "Horror": 40, "Romance": 30, "Western": 15, "Documentary": 10, "Music": 12}
    assert {genre: counts[genre] for genre, n in least.items() if counts[genre] < n} == {}


def test_catalogue_spans_a_century_and_many_languages(movies: list[SampleMovie]) -> None:
    assert len(movies) > 500
    assert {movie.year // 10 for movie in movies} == set(range(192, 203))
    assert sum(bool(movie.original_title) for movie in movies) / len(movies) > 0.15


def test_remakes_and_originals_are_both_in_the_catalogue(movies: list[SampleMovie]) -> None:
    years = {movie.year for movie in movies if movie.title == "The Thing"}

    assert years == {1982, 2011}


def test_every_film_shares_a_keyword_with_another(movies: list[SampleMovie]) -> None:
    counts = Counter(keyword for movie in movies for keyword in movie.keywords)

    assert [movie.title for movie in movies if max(counts[keyword] for keyword in movie.keywords) == 1] == []


def test_catalogue_is_small_enough_to_ship() -> None:
    assert MOVIES_PATH.stat().st_size < 200_000


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Heat,", ",", r"line 2, column title: is empty"),
        ("1995", "95", r"line 2, column year: must be a whole number from 1888 to 2100, not '95'"),
        ("170", "2h50", r"line 2, column runtime: must be a whole number"),
        ("Action|Crime", "Action|Noir", r"line 2, column genres: 'Noir' is none of Action"),
        ("Action|Crime", "", r"line 2, column genres: must list 1 to 4 items"),
        ("Michael Mann", "", r"line 2, column director: must list 1 to 4"),
        ("|Val Kilmer", "", r"line 2, column cast: must list 3 to 3 items separated by '\|', not 2"),
        ("heist", "Heist", r"line 2, column keywords: 'Heist' must be in lower case"),
        ("|police", "| police", r"line 2, column keywords: holds a blank or padded item"),
        ("police", "heist", r"line 2, column keywords: names an item twice"),
        (",5,4", ",6,4", r"line 2, column acclaim: must be a whole number from 1 to 5"),
        (",5,4", ",5", r"line 2 cannot be read: torn row \(9 fields instead of 10\)"),
    ],
)
def test_the_error_for_a_wrong_cell_names_line_and_column(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(CatalogueError, match=message):
        read_catalogue(written(tmp_path, HEAT.replace(old, new, 1)))


def test_a_film_listed_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"line 3, column title: Heat \(1995\) already stands in line 2"):
        read_catalogue(written(tmp_path, HEAT, HEAT))


def test_wrong_columns_missing_file_wrong_encoding_and_no_film_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="line 1: expected the columns title"):
        read_catalogue(written(tmp_path, HEAT, header="name,year"))
    with pytest.raises(CatalogueError, match=r"cannot be read \(No such file"):
        read_catalogue(tmp_path / "absent.csv")
    with pytest.raises(CatalogueError, match="holds no film"):
        read_catalogue(written(tmp_path))
    latin = tmp_path / "latin.csv"
    latin.write_bytes((HEADER + "\n" + HEAT.replace("Heat", "Amélie") + "\n").encode("latin-1"))
    with pytest.raises(CatalogueError, match="line 2, byte 3: 0xe9 is not UTF-8"):
        read_catalogue(latin)
