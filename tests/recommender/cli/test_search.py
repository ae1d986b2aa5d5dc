"""`matinee search`, as the real process."""

import json
from pathlib import Path

import pytest
from tests.recommender.cli.process import csv_write, failure, matinee, tastes

from recommender.algorithms import make_config, parse_settings


@pytest.fixture
def ratings_csv(tmp_path: Path) -> Path:
    return csv_write(tmp_path / "ratings.csv", tastes())


def test_all_trials_are_shown_the_best_is_starred_and_its_settings_can_be_typed_in(
    tmp_path: Path, ratings_csv: Path
) -> None:
    done = matinee(
        "search", "svd", "--ratings", ratings_csv, "--trials", 3, "--set", "n_threads=1", "--json", tmp_path / "s.json"
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split()[:2] == ["trial", "learning_rate"]
    starred = [line for line in lines if line.startswith("*")]
    assert len(starred) == 1
    found = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    assert [trial["number"] for trial in found["trials"]] == [0, 1, 2, 3]
    assert found["measure"] == "rmse"
    assert found["split"] == "time"
    assert found["best"]["value"] == min(trial["value"] for trial in found["trials"])
    assert f"--algorithm svd --set {found['set']}" in done.stdout
    config = make_config("svd", parse_settings("svd", found["set"].split()))
    assert config == make_config("svd", found["best"]["settings"])
    command = "evaluate", "--algorithm", "svd", "--ratings", ratings_csv, "--set", *found["set"].split()
    assert matinee(*command).returncode == 0


def test_rankings_are_searched_on_last_ratings_with_fixed_settings(tmp_path: Path, ratings_csv: Path) -> None:
    command = "search", "ease", "--ratings", ratings_csv, "--trials", 2, "--set", "liked_from=3.5"
    done = matinee(*command, "--json", tmp_path / "s.json")
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    assert (found["measure"], found["split"]) == ("ndcg@10", "last")
    assert {trial["settings"]["liked_from"] for trial in found["trials"]} == {3.5}
    assert found["best"]["value"] == max(trial["value"] for trial in found["trials"])
    untimed = matinee(*command, "--ignore-times", "--json", tmp_path / "u.json")
    assert untimed.returncode == 0, untimed.stderr
    assert json.loads((tmp_path / "u.json").read_text(encoding="utf-8"))["split"] == "one of each user"


def test_the_error_for_an_impossible_search_is_one_sentence(ratings_csv: Path) -> None:
    assert "popularity has nothing left to tune" in failure(matinee("search", "popularity", "--ratings", ratings_csv))
    assert "no setting 'wings'" in failure(matinee("search", "svd", "--ratings", ratings_csv, "--set", "wings=1"))
    assert "absent.csv" in failure(matinee("search", "svd", "--ratings", "absent.csv"))
