"""`matinee svd`, as the process that people start."""

import re
from pathlib import Path

import pytest
from tests.recommender.cli.process import matinee

from recommender.data.ratings import Ratings


@pytest.fixture
def ratings_csv(synthetic: Ratings, tmp_path: Path) -> Path:
    rows = zip(synthetic.user_ids, synthetic.item_ids, synthetic.values, strict=True)
    text = "userId,movieId,rating\n" + "".join(f"{user},{item},{value}\n" for user, item, value in rows)
    path = tmp_path / "ratings.csv"
    path.write_text(text)
    return path


@pytest.mark.parametrize("model", ["svd", "nsvd"])
def test_steps_are_reported_with_a_star_for_the_best_and_a_held_out_error(ratings_csv: Path, model: str) -> None:
    done = matinee("svd", "-p", ratings_csv, "-s", "2500", "-b", "40", "-l", "0.004", "-M", model, "-S", "max")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["step", "batch_error", "test_error", "elapsed"]
    rows = [re.fullmatch(r" +(\d+) +([\d.]+) +([\d.]+)([* ]) +[\d.]+ s", line) for line in lines[1:5]]
    assert [row and row[1] for row in rows] == ["0", "1000", "2000", "2499"]
    errors = [float(row[3]) for row in rows if row]
    assert [row[4] for row in rows if row] == [
        "*" if error == min(errors[: at + 1]) else " " for at, error in enumerate(errors)
    ]
    assert re.search(r"2,500 steps took [\d.]+ seconds: 0 days and 0:00:\d\d", done.stdout)
    held_out = re.search(r"Held-out error \(RMSE on 150 ratings not seen before\): ([\d.]+)", done.stdout)
    assert held_out is not None
    assert 0.2 < float(held_out[1]) < 0.8
    assert lines[-11].split() == ["user", "movie", "predicted", "real"]


def test_the_ten_ratings_shown_are_ones_of_the_file_beside_a_star_prediction(
    ratings_csv: Path, synthetic: Ratings
) -> None:
    done = matinee("svd", "--path", ratings_csv, "--steps", "50")
    real = {
        (int(user), int(item)): float(value)
        for user, item, value in zip(synthetic.user_ids, synthetic.item_ids, synthetic.values, strict=True)
    }
    shown = [line.split() for line in done.stdout.splitlines()[-10:]]
    assert len(shown) == 10
    for user, item, predicted, value in shown:
        assert real[int(user), int(item)] == float(value)
        assert 0.5 <= float(predicted) <= 5.0


def test_the_same_seed_gives_the_same_errors_and_another_does_not(ratings_csv: Path) -> None:
    def errors(seed: int) -> list[str]:
        out = matinee("svd", "-p", ratings_csv, "-s", "30", "--seed", seed).stdout
        return re.findall(r"\d\.\d{6}", out)

    assert errors(1) == errors(1)
    assert errors(1) != errors(2)


def test_without_info_only_the_conclusion_is_written(ratings_csv: Path) -> None:
    done = matinee("svd", "-p", ratings_csv, "-s", "30", "-i", "False", "--nsvd_size", "min")
    assert "batch_error" not in done.stdout
    assert "Held-out error" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-e", "10"], "matinee: There is neither movielens/ml-10M100K/ratings.dat nor ml-10M100K/ratings.dat: name a"),
        (["-p", "nowhere.csv"], "matinee: nowhere.csv: there is no such file"),
        (["-m", "1.5"], "matinee: momentum is 1.5: it must be from 0 to below 1."),
        (["-l", "nan"], "matinee: learning_rate is nan: it must be a finite number above 0."),
    ],
)
def test_failures_are_one_sentence(arguments: list[str], message: str) -> None:
    done = matinee("svd", *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1


def test_steps_that_lead_nowhere_are_refused_with_the_cure(ratings_csv: Path) -> None:
    done = matinee("svd", "-p", ratings_csv, "-l", "50")
    assert done.returncode == 1
    assert done.stderr.startswith("matinee: Training diverged with learning_rate=50.0")


def test_too_few_ratings_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    path.write_text("userId,movieId,rating\n1,1,3\n1,2,4\n2,1,5\n")
    done = matinee("svd", "-p", path)
    assert done.returncode == 1
    assert "There are 3 ratings: at least ten are needed" in done.stderr
