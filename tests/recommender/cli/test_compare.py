"""`matinee compare`, as the real process that starts one for each algorithm."""

import json
from pathlib import Path

import pytest
from tests.recommender.cli.process import csv_write, failure, matinee, tastes


@pytest.fixture
def ratings_csv(tmp_path: Path) -> Path:
    return csv_write(tmp_path / "ratings.csv", tastes(60, 130))


def test_algorithms_are_shown_best_first_by_each_protocol_and_written_and_drawn(
    tmp_path: Path, ratings_csv: Path
) -> None:
    done = matinee(
        "compare", "popularity", "bias", "ease:regularisation=50", "--ratings", "ratings.csv", "--negatives-n", 20,
        "--json", "c.json", "--plot", "c.svg", folder=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))["results"]
    assert [(each["contender"], each["protocol"]) for each in results] == [
        (name, protocol)
        for protocol in ("stars", "ranking")
        for name in ("popularity", "bias", "ease:regularisation=50")
    ]
    stars = {each["contender"]: each["rmse"] for each in results if each["protocol"] == "stars"}
    orders = {each["contender"]: each["full"]["ndcg@10"] for each in results if each["protocol"] == "ranking"}
    first_words = [line.split()[0] for line in done.stdout.splitlines() if line]
    by_stars = sorted(stars, key=lambda name: stars[name])
    by_order = sorted(orders, key=lambda name: -orders[name])
    assert first_words == ["stars:", "stars", *by_stars, "ranking:", "ranking", *by_order]
    assert f"{min(stars.values()):.4f}*" in done.stdout
    assert f"{max(orders.values()):.4f}*" in done.stdout
    assert results[2]["config"]["regularisation"] == 50.0
    picture = (tmp_path / "c.svg").read_text(encoding="utf-8")
    assert "RMSE, stars" in picture
    assert all(f"{value:.4f}" in picture for value in (*stars.values(), *orders.values()))
    # What one algorithm loads is not in the memory of another's process.
    memory = {each["contender"]: each["peak_memory_mb"] for each in results if each["protocol"] == "stars"}
    assert memory["popularity"] < memory["ease:regularisation=50"]


def test_figures_are_those_of_evaluate(tmp_path: Path, ratings_csv: Path) -> None:
    options = "--ratings", ratings_csv, "--seed", 3, "--ignore-times", "--test-fraction", "0.3"
    assert matinee("compare", "bias", "--protocols", "stars", *options, "--json", tmp_path / "c.json").returncode == 0
    assert matinee("evaluate", "--algorithm", "bias", *options, "--json", tmp_path / "e.json").returncode == 0
    (compared,) = json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))["results"]
    evaluated = json.loads((tmp_path / "e.json").read_text(encoding="utf-8"))
    assert compared["rmse"] == evaluated["rmse"]
    assert compared["split"] == evaluated["split"] == "random"


def test_failed_algorithm_is_reported_and_the_others_are_compared(tmp_path: Path, ratings_csv: Path) -> None:
    command = "compare", "bias", "svd:learning_rate=50,n_threads=1", "--protocols", "stars", "--ratings", ratings_csv
    done = matinee(*command, "--json", tmp_path / "c.json")
    assert done.returncode == 0
    assert "svd:learning_rate=50,n_threads=1, stars: Training diverged" in done.stderr
    assert "bias" in done.stdout
    assert "svd" not in done.stdout
    results = json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))["results"]
    assert results[1]["error"].startswith("Training diverged")


def test_comparison_without_a_result_fails(ratings_csv: Path) -> None:
    done = matinee("compare", "svd:learning_rate=50,n_threads=1", "--protocols", "stars", "--ratings", ratings_csv)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Training diverged" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("bias",), "give --ratings, or --train with --test or --last"),
        (("oracle", "--ratings", "R"), "no algorithm 'oracle'"),
        (("bias:wings=2", "--ratings", "R"), "no setting 'wings'"),
        (("bias:n_epochs=0", "--ratings", "R"), "n_epochs is 0"),
        (("bias", "--ratings", "R", "--plot", "c.jpeg"), "c.jpeg: the name of a plot must end in .png, .svg, .pdf"),
        (("bias", "--ratings", "R", "--plot", "nowhere/c.png"), "there is no folder nowhere"),
    ],
)
def test_invalid_arguments_fail_before_any_training(
    tmp_path: Path, ratings_csv: Path, arguments: tuple[str, ...], said: str
) -> None:
    named = ["ratings.csv" if argument == "R" else argument for argument in arguments]
    assert said in failure(matinee("compare", *named, folder=tmp_path))
