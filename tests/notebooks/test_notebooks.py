"""Each notebook is run from its first cell to its last on a tiny data set, against the tests' database."""

import csv
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import nbformat
import pytest
from django.db import connection
from nbclient import NotebookClient

from config.env import PROJECT_ROOT
from movies.models import Movie, Rating

NOTEBOOKS = PROJECT_ROOT / "src" / "notebooks"
METADATA_COLUMNS = (
    "adult belongs_to_collection budget genres homepage id imdb_id original_language original_title overview "
    "popularity poster_path production_companies production_countries release_date revenue runtime "
    "spoken_languages status tagline title video vote_average vote_count"
)
MOVIES = [
    {"id": 8844, "imdb_id": "tt0113497", "title": "Jumanji", "release_date": "1995-12-15", "genres": "[]"},
    {"id": 2, "imdb_id": "tt0094675", "title": "Ariel", "release_date": "1988-10-21", "genres": "[{'name': 'Drama'}]"},
]
# What is 2 for MovieLens is 8844 for TMDB, where 2 is another film; 99 has no TMDB id.
LINKS = ["movieId,imdbId,tmdbId", "2,0113497,8844", "4470,0094675,2", "99,0000099,"]
RATINGS = ["userId,movieId,rating,timestamp", "1,2,4.5,1260759144", "2,2,3.0,1260759179"]
RATINGS += ["2,4470,5.0,1260759182", "1,99,2.0,1260759185"]

Run = Callable[[str], str]


def notebook_read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call,no-any-return] # nbformat is typed in part.


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Return a folder in the form of The Movies Dataset: two films, four ratings, one of them of an unknown film."""
    with (tmp_path / "movies_metadata.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, METADATA_COLUMNS.split())
        writer.writeheader()
        writer.writerows(MOVIES)
    (tmp_path / "links.csv").write_text("\n".join(LINKS), encoding="utf-8")
    (tmp_path / "ratings_small.csv").write_text("\n".join(RATINGS), encoding="utf-8")
    return tmp_path


@pytest.fixture
def run(transactional_db: None, dataset: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs a notebook and returns everything that it printed or showed."""
    database = {name: quote(str(value), safe="") for name, value in connection.settings_dict.items()}
    address = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)
    monkeypatch.setenv("DATABASE_URL", address)
    monkeypatch.setenv("PYTHONPATH", str(PROJECT_ROOT / "src"))
    monkeypatch.setenv("DATASET", str(dataset))

    def run_notebook(name: str) -> str:
        book = notebook_read(NOTEBOOKS / f"{name}.ipynb")
        NotebookClient(book, timeout=120, resources={"metadata": {"path": str(dataset)}}).execute()
        outputs = [output for cell in book.cells for output in cell.get("outputs", [])]
        return "\n".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs)

    return run_notebook


def test_the_movies_are_loaded_without_ratings(run: Run) -> None:
    shown = run("load_movies")
    assert dict(Movie.objects.values_list("tmdb_id", "title")) == {8844: "Jumanji", 2: "Ariel"}
    assert not Rating.objects.exists()
    assert "2 imported" in shown


def test_the_ratings_are_loaded_and_the_rest_is_reported(run: Run, dataset: Path) -> None:
    run("load_ratings")
    stored = Rating.objects.values_list("user__crowd_key", "movie__title", "value")
    found = sorted((str(key), title, float(value)) for key, title, value in stored)
    assert found == [("1", "Jumanji", 4.5), ("2", "Ariel", 5.0), ("2", "Jumanji", 3.0)]
    assert "ratings_small.csv,5," in (dataset / "skipped.csv").read_text(encoding="utf-8")


def test_ratings_get_the_ids_that_links_give_them(run: Run, dataset: Path) -> None:
    shown = run("update_ratings_movie_ids")
    repaired = (dataset / "ratings_tmdb.csv").read_text(encoding="utf-8").splitlines()
    assert repaired[1:] == ["1,8844,4.5,1260759144", "2,8844,3.0,1260759179", "2,2,5.0,1260759182"]
    assert "attach the ratings of 1 films to other films" in shown
    assert "3 of 3 stored ratings agree" in shown


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebooks_are_kept_without_outputs(path: Path) -> None:
    cells = notebook_read(path).cells
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in cells)
