"""Data sets that cannot be imported: what is said, and that nothing changes."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError
from django.db import connections

from accounts.models import User
from importing.services import IMPORT_LOCK
from movies.models import Movie, Rating

pytestmark = pytest.mark.django_db
Import = Callable[..., str]


def nothing_is_there() -> bool:
    return not (Movie.objects.exists() or Rating.objects.exists() or User.objects.exists())


def refused(importdataset: Import, path: Path, message: str, *arguments: str) -> None:
    with pytest.raises(CommandError, match=message) as raised:
        importdataset(path, *arguments)
    assert raised.value.returncode == 1
    assert nothing_is_there()


def test_missing_folder(tmp_path: Path, importdataset: Import) -> None:
    refused(importdataset, tmp_path / "nowhere", "nowhere: there is no such folder")


def test_zip_archive(tmp_path: Path, importdataset: Import) -> None:
    path = tmp_path / "ml-latest-small.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("movies.csv", "movieId,title,genres\n")

    refused(importdataset, path, "zip archive, not a folder: unzip it first")


def test_single_file(movielens: Path, importdataset: Import) -> None:
    refused(importdataset, movielens / "movies.csv", "this is a file, not a folder")


def test_folder_of_something_else(tmp_path: Path, importdataset: Import) -> None:
    (tmp_path / "holiday.jpg").touch()

    refused(importdataset, tmp_path, r"(?s)Looked for:.*movies_metadata\.csv.*u\.item.*Found: holiday\.jpg")


def test_empty_folder(tmp_path: Path, importdataset: Import) -> None:
    refused(importdataset, tmp_path, "Found: nothing")


@pytest.mark.parametrize("name", ["movies.csv", "links.csv", "ratings.csv"])
def test_empty_file(name: str, movielens: Path, importdataset: Import) -> None:
    (movielens / name).write_text("")

    refused(importdataset, movielens, rf"{name}.*the file is empty")


@pytest.mark.parametrize(
    ("name", "header", "missing"),
    [
        ("movies.csv", "id,title,genres", "movieId"),
        ("links.csv", "movieId,imdb", "imdbId, tmdbId"),
        ("ratings.csv", "a,b", "userId"),
    ],
)
def test_wrong_columns(name: str, header: str, missing: str, movielens: Path, importdataset: Import) -> None:
    (movielens / name).write_text(f"{header}\n1,2,3\n")

    refused(
        importdataset,
        movielens,
        rf"{name}, line 1: expected the columns .* found {header.replace(',', ', ')} \(missing: {missing}",
    )


def test_wrong_columns_of_the_metadata(kaggle: Path, importdataset: Import) -> None:
    (kaggle / "movies_metadata.csv").write_text("id,name\n1,Heat\n")

    refused(importdataset, kaggle, "movies_metadata.csv, line 1: expected the columns id, imdb_id")


def test_bytes_that_are_not_utf8(movielens: Path, importdataset: Import) -> None:
    path = movielens / "movies.csv"
    path.write_bytes(path.read_bytes() + "5,Amélie (2001),Comedy\n".encode("latin-1"))

    refused(importdataset, movielens, "movies.csv, line 6, byte 5: 0xe9 is not UTF-8")


@pytest.mark.parametrize("rows", [200, 80_000])
def test_quotation_mark_that_is_never_closed(rows: int, movielens: Path, importdataset: Import) -> None:
    path = movielens / "movies.csv"
    path.write_text(path.read_text() + '5,"Heat (1995),Crime\n' + "6,Ronin (1998),Action\n" * rows)

    refused(importdataset, movielens, "movies.csv, line 6: a quotation mark in this row is never closed")


@pytest.mark.parametrize(("bad", "good"), [(1, 0), (21, 20)])
def test_file_of_mostly_bad_rows(bad: int, good: int, movielens: Path, importdataset: Import) -> None:
    rows = ["1,1,11,5"] * bad + [f"1,{movie % 4 + 1},4.0,5" for movie in range(good)]
    (movielens / "ratings.csv").write_text("\n".join(["userId,movieId,rating,timestamp", *rows]) + "\n")

    message = rf"ratings.csv: {bad} of {bad + good} rows cannot be used.*line 2: rating is no half-star.*\(11.0\)"
    refused(importdataset, movielens, message)


def test_metadata_of_bad_rows_only(kaggle: Path, importdataset: Import) -> None:
    path = kaggle / "movies_metadata.csv"
    path.write_text(path.read_text().splitlines()[0] + "\n" + "x,y\n" * 3)

    refused(importdataset, kaggle, "movies_metadata.csv: 3 of 3 rows cannot be used")


@pytest.mark.parametrize(("name", "columns"), [("links.csv", 3), ("keywords.csv", 2), ("credits.csv", 3)])
def test_side_file_of_bad_rows_only(name: str, columns: int, kaggle: Path, importdataset: Import) -> None:
    path = kaggle / name
    bad = ",".join(["x"] * columns)
    path.write_text(path.read_text().splitlines()[0] + f"\n{bad}\n{bad}\n")

    refused(importdataset, kaggle, f"{name}: 2 of 2 rows cannot be used")


def test_small_ratings_of_a_set_without_a_small_selection(movielens: Path, importdataset: Import) -> None:
    refused(importdataset, movielens, "use --ratings full or none", "--ratings", "small")


def test_missing_full_ratings(kaggle: Path, importdataset: Import) -> None:
    refused(importdataset, kaggle, r"ratings\.csv: there is no such file", "--ratings", "full")


def test_kaggle_ratings_without_links(kaggle: Path, importdataset: Import) -> None:
    (kaggle / "links.csv").unlink()

    refused(importdataset, kaggle, "takes links.csv or links_small.csv")


def test_report_that_cannot_be_written(movielens: Path, importdataset: Import, tmp_path: Path) -> None:
    refused(importdataset, movielens, "the report cannot be written", "--report", str(tmp_path / "no" / "report.csv"))
    refused(importdataset, movielens, "is a folder", "--report", str(tmp_path))


def test_failed_import_leaves_no_report(movielens: Path, importdataset: Import, tmp_path: Path) -> None:
    (movielens / "ratings.csv").write_text("userId,movieId,rating,timestamp\nx\n")

    refused(importdataset, movielens, "cannot be used", "--report", str(tmp_path / "report.csv"))
    assert not [path for path in tmp_path.iterdir() if "report" in path.name]


def test_disk_that_is_full_fails_the_import(movielens: Path, importdataset: Import, tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    (tmp_path / ".report.csv.partial").symlink_to(full)

    refused(
        importdataset, movielens, "report cannot be written .No space left", "--report", str(tmp_path / "report.csv")
    )


def test_unknown_choice_of_ratings(movielens: Path, importdataset: Import) -> None:
    with pytest.raises(CommandError, match="invalid choice"):
        importdataset(movielens, "--ratings", "some")


@pytest.mark.django_db(transaction=True)
def test_second_import_at_the_same_time(movielens: Path, importdataset: Import) -> None:
    other = connections["default"].copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [IMPORT_LOCK])
        refused(importdataset, movielens, "Another import is running")
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [IMPORT_LOCK])
    finally:
        other.close()

    assert "4 imported" in importdataset(movielens)


@pytest.mark.parametrize("name", ["movies.csv", "links.csv"])
def test_torn_rows_of_films_and_links_are_left_out(name: str, movielens: Path, importdataset: Import) -> None:
    path = movielens / name
    path.write_text(path.read_text() + "999\n")

    assert "1 skipped (1 torn row)" in importdataset(movielens)
    assert Movie.objects.count() == 4


def test_bad_rows_of_films_are_left_out_by_reason(movielens: Path, importdataset: Import) -> None:
    path = movielens / "movies.csv"
    path.write_text(
        path.read_text() + f"x,Heat (1995),Crime\n7,,Crime\n8,{'long' * 130},Crime\n1,Toy Story (1995),War\n"
    )

    output = importdataset(movielens)

    for reason in ("id is no whole number", "no title", "title longer than 500 characters", "film repeated"):
        assert f"1 {reason}" in output


def test_lists_that_cannot_be_read_are_left_out(kaggle: Path, importdataset: Import) -> None:
    (kaggle / "keywords.csv").write_text('id,keywords\n862,"[{oops}]"\nx,"[]"\n8844,"[{\'name\': \'jungle\'}]"\n')

    output = importdataset(kaggle)

    assert "keywords: 2 skipped (1 list cannot be read, 1 id is no whole number)" in output
    assert Movie.objects.get(tmdb_id=8844).keywords == ["jungle"]
    assert Movie.objects.get(tmdb_id=862).keywords == []
