import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.models import User
from movies.models import ExternalMovie, Movie, Rating, Trailer

pytestmark = pytest.mark.django_db
Import = Callable[..., str]
UNCHANGED = "Nothing changed."


def stars() -> set[tuple[str, int | None, str, float]]:
    rows = Rating.objects.values_list("user__crowd_source", "user__crowd_key", "movie__title", "value")
    return set(rows)


def test_kaggle_films_have_the_values_of_all_files(kaggle: Path, importdataset: Import) -> None:
    importdataset(kaggle)

    movie = Movie.objects.get(tmdb_id=862)
    assert (movie.imdb_id, movie.movielens_id, movie.title, movie.year) == ("tt0114709", 1, "Toy Story", 1995)
    assert (movie.released_at, movie.runtime) == (date(1995, 10, 30), 81)
    assert (movie.genres, movie.keywords) == (["Animation"], ["jealousy", "toy"])
    assert (movie.cast, movie.directors) == (["Tom Hanks", "Tim Allen"], ["John Lasseter"])
    assert movie.overview == "Led by Woody,\nAndy's toys live."
    assert movie.poster_path == "/rhIRbceoE9lR4veEXuwCC2wARtG.jpg"
    assert Movie.objects.get(tmdb_id=8844).runtime is None


def test_kaggle_ratings_are_mapped_by_the_links(kaggle: Path, importdataset: Import) -> None:
    output = importdataset(kaggle)

    source = "the-movies-dataset/small"
    assert stars() == {(source, 1, "Toy Story", 2.5), (source, 1, "Jumanji", 4.0), (source, 2, "Jumanji", 5.0)}
    assert "5 read, 3 imported, 0 updated, 0 unchanged, 2 skipped" in output
    assert "1 film has no TMDB id" in output
    assert "1 film is not in the data set" in output
    assert Rating.objects.get(value=2.5).created_at == datetime.fromtimestamp(1260759144, tz=UTC)


def test_raters_are_a_crowd_that_cannot_log_in(kaggle: Path, importdataset: Import) -> None:
    importdataset(kaggle)

    user = User.objects.crowd().get(crowd_key=2)
    assert user.username == "crowd:the-movies-dataset/small:2"
    assert not user.is_active
    assert not user.has_usable_password()
    assert user.ratings_changed_at is not None
    assert User.objects.count() == 2


def test_rating_figures_are_right_after_an_import(kaggle: Path, movielens: Path, importdataset: Import) -> None:
    importdataset(kaggle)
    importdataset(movielens)

    movie = Movie.objects.get(tmdb_id=8844)
    assert (movie.ratings_count, movie.ratings_average) == (3, (4.0 + 5.0 + 0.5) / 3)


def test_movielens_titles_and_genres_are_normalized(movielens: Path, importdataset: Import) -> None:
    importdataset(movielens)

    movie = Movie.objects.get(movielens_id=3)
    assert (movie.title, movie.original_title) == ("The City of Lost Children", "La Cité des enfants perdus")
    assert (movie.tmdb_id, movie.imdb_id, movie.year) == (902, "tt0112682", 1995)
    assert movie.genres == ["Science Fiction", "Film-Noir", "Music"]
    assert Movie.objects.get(movielens_id=1).genres == ["Adventure", "Family"]
    other = Movie.objects.get(movielens_id=4)
    assert (other.title, other.year, other.genres, other.tmdb_id) == ("Moonlight", None, [], None)


def test_name_of_the_set_comes_from_its_readme_before_its_folder(movielens: Path, importdataset: Import) -> None:
    (movielens / "README.txt").write_text("Summary\n\nThis dataset (ml-latest-small) describes ratings.\n")
    importdataset(movielens, "--ratings", "full")

    assert set(User.objects.values_list("crowd_source", flat=True)) == {"ml-latest-small"}


def test_100k_keeps_its_own_ids_and_repeated_films(movielens_100k: Path, importdataset: Import) -> None:
    importdataset(movielens_100k)

    assert set(ExternalMovie.objects.values_list("source", "external_id")) == {("ml-100k", key) for key in range(1, 6)}
    movie = Movie.objects.get(external_movies__external_id=2)
    assert (movie.title, movie.released_at, movie.genres) == ("Les Misérables", date(1995, 10, 20), ["Action"])
    toys = Movie.objects.get(external_movies__external_id=1)
    assert (toys.released_at, toys.year, toys.movielens_id, toys.genres) == (None, 1995, None, ["Family"])
    assert Movie.objects.filter(title="The Ice Storm").count() == 2
    assert Rating.objects.count() == 4


@pytest.mark.parametrize(
    ("extra", "encoding", "source"),
    [
        ("users.dat", "latin-1", "ml-1m"),
        ("tags.dat", "utf-8", "ml-10m"),
        (None, "latin-1", "ml-1m"),
        (None, "utf-8", "ml-10m"),
    ],
)
def test_1m_and_10m_are_distinguished(
    tmp_path: Path, importdataset: Import, extra: str | None, encoding: str, source: str
) -> None:
    (tmp_path / "movies.dat").write_bytes(
        "2::Jumanji (1995)::Children's\n73::Misérables, Les (1995)::Drama\n".encode(encoding)
    )
    (tmp_path / "ratings.dat").write_text("1::73::4.5::838985046\n")
    if extra:
        (tmp_path / extra).touch()

    importdataset(tmp_path)

    assert stars() == {(source, 1, "Les Misérables", 4.5)}
    assert Movie.objects.get(movielens_id=2).genres == ["Family"]


def test_trailers_are_imported_and_bad_ones_left_out(trailer_catalogue: Path, importdataset: Import) -> None:
    output = importdataset(trailer_catalogue)

    assert set(Trailer.objects.values_list("movie__title", "youtube_id")) == {
        ("Toy Story", "KYz2wyBy3kc"),
        ("Heat", "0xbBLJ1WGwQ"),
    }
    assert Movie.objects.get(title="Heat").poster_path == "/heat.jpg"
    assert "trailers: 5 read, 2 imported" in output
    assert "3 skipped" in output
    assert UNCHANGED in importdataset(trailer_catalogue)


def test_trailer_files_need_no_header(trailer_catalogue: Path, importdataset: Import) -> None:
    for name in ("movies.csv", "trailers.csv"):
        path = trailer_catalogue / name
        path.write_text(path.read_text().split("\n", 1)[1])

    importdataset(trailer_catalogue)

    assert Movie.objects.count() == 2
    assert Trailer.objects.count() == 2


@pytest.mark.parametrize("name", ["kaggle", "movielens", "movielens_100k", "trailer_catalogue"])
def test_second_import_changes_nothing(name: str, request: pytest.FixtureRequest, importdataset: Import) -> None:
    folder = request.getfixturevalue(name)
    importdataset(folder)
    before = [list(model.objects.order_by("pk").values()) for model in (Movie, Rating, User, Trailer, ExternalMovie)]

    assert UNCHANGED in importdataset(folder)
    after = [list(model.objects.order_by("pk").values()) for model in (Movie, Rating, User, Trailer, ExternalMovie)]
    assert after == before


@pytest.fixture
def folders(kaggle: Path, movielens: Path, movielens_100k: Path, trailer_catalogue: Path) -> list[Path]:
    return [kaggle, movielens, movielens_100k, trailer_catalogue]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_data_sets_share_films_in_any_order_of_import(
    order: tuple[int, ...], folders: list[Path], importdataset: Import
) -> None:
    for place in order:
        importdataset(folders[place])

    titles = [
        "Heat",
        "Jumanji",
        "Les Misérables",
        "Moonlight",
        "The City of Lost Children",
        "The Ice Storm",
    ]
    assert sorted(Movie.objects.values_list("title", flat=True)) == sorted(
        [*titles, "The Ice Storm", "Toy Story", "unknown"]
    )
    toys = Movie.objects.get(title="Toy Story")
    assert (toys.tmdb_id, toys.movielens_id, toys.released_at) == (862, 1, date(1995, 10, 30))
    assert toys.genres == ["Animation"]
    assert toys.ratings_count == 3
    assert all(UNCHANGED in importdataset(folders[place]) for place in order)


def test_kaggle_overwrites_and_the_others_fill_gaps(kaggle: Path, movielens: Path, importdataset: Import) -> None:
    Movie.objects.create(tmdb_id=862, title="Story of Toys", overview="Old.", runtime=80, genres=["War"])
    importdataset(movielens)
    filled = Movie.objects.get(tmdb_id=862)
    assert (filled.title, filled.year, filled.genres, filled.movielens_id) == ("Story of Toys", 1995, ["War"], 1)

    output = importdataset(kaggle)

    overwritten = Movie.objects.get(tmdb_id=862)
    assert (overwritten.title, overwritten.runtime, overwritten.genres) == ("Toy Story", 81, ["Animation"])
    assert "1 imported, 2 updated, 0 unchanged" in output


def test_only_changed_rows_are_updated(movielens: Path, importdataset: Import) -> None:
    importdataset(movielens)
    path = movielens / "ratings.csv"
    path.write_text(path.read_text().replace("1,1,4.0,", "1,1,1.5,") + "6,1,3.0,5\n")
    versions = dict(Rating.objects.extra(select={"xmin": "xmin::text"}).values_list("pk", "xmin"))  # A constant.

    output = importdataset(movielens)

    assert "5 read, 1 imported, 1 updated, 3 unchanged" in output
    assert Movie.objects.get(movielens_id=1).ratings_average == (1.5 + 3.0) / 2
    now = dict(Rating.objects.extra(select={"xmin": "xmin::text"}).values_list("pk", "xmin"))  # A constant.
    changed = {pk for pk, version in versions.items() if now[pk] != version}
    assert changed == set(Rating.objects.filter(value=1.5).values_list("pk", flat=True))


def test_latest_of_repeated_ratings_counts(movielens: Path, importdataset: Import, tmp_path: Path) -> None:
    (movielens / "ratings.csv").write_text(
        "userId,movieId,rating,timestamp\n9,1,1.0,300\n9,2,2.0,100\n9,1,2.0,200\n9,2,3.5,100\n"
    )
    output = importdataset(movielens, "--report", str(tmp_path / "report.csv"))

    assert stars() == {("ml-mini", 9, "Toy Story", 1.0), ("ml-mini", 9, "Jumanji", 3.5)}
    assert "2 rating repeated" in output
    with (tmp_path / "report.csv").open() as handle:
        assert [(row["line"], row["file"]) for row in csv.DictReader(handle)] == [
            ("3", "ratings.csv"),
            ("4", "ratings.csv"),
        ]


def test_two_movielens_ids_of_one_tmdb_film_share_its_ratings(kaggle: Path, importdataset: Import) -> None:
    with (kaggle / "links.csv").open("a") as handle:
        handle.write("901,0999999,862\n")
    with (kaggle / "ratings_small.csv").open("a") as handle:
        handle.write("1,901,5.0,1260759999\n3,901,1.0,1260759999\n")

    output = importdataset(kaggle)

    assert set(Rating.objects.filter(movie__tmdb_id=862).values_list("user__crowd_key", "value")) == {
        (1, 5.0),
        (3, 1.0),
    }
    assert "1 rating repeated" in output
    assert Movie.objects.get(tmdb_id=862).movielens_id == 1


def test_report_lists_each_skipped_row(kaggle: Path, importdataset: Import, tmp_path: Path) -> None:
    path = kaggle / "movies_metadata.csv"
    path.write_text(path.read_text() + "torn,row\n" + path.read_text().splitlines()[3] + "\n")
    report = tmp_path / "report.csv"

    importdataset(kaggle, "--report", str(report))

    with report.open() as handle:
        rows = [(row["file"], int(row["line"]), row["reason"]) for row in csv.DictReader(handle)]
    assert rows == [
        # The overview of the first film goes over two lines.
        ("movies_metadata.csv", 6, "torn row"),
        ("movies_metadata.csv", 7, "film repeated"),
        ("ratings_small.csv", 5, "film has no TMDB id"),
        ("ratings_small.csv", 6, "film is not in the data set"),
    ]
    assert not list(tmp_path.glob(".*"))


def test_ratings_can_be_chosen(kaggle: Path, importdataset: Import) -> None:
    (kaggle / "ratings.csv").write_text("userId,movieId,rating,timestamp\n77,1,4.5,5\n")

    importdataset(kaggle, "--ratings", "none")
    assert not Rating.objects.exists()
    importdataset(kaggle, "--ratings", "full")
    assert stars() == {("the-movies-dataset/full", 77, "Toy Story", 4.5)}


def test_command_can_be_called_from_code(kaggle: Path) -> None:
    output = io.StringIO()

    call_command("importdataset", str(kaggle), ratings="none", stdout=output)

    assert "films: 3 read, 3 imported" in output.getvalue()
    assert not Rating.objects.exists()


def test_temporary_tables_are_dropped(movielens: Path, importdataset: Import) -> None:
    importdataset(movielens)

    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relpersistence = 't'")
        assert cursor.fetchall() == []
