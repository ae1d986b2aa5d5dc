"""`matinee evaluate`, against figures that are made here by hand."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.recommender.cli.process import csv_write, failure, matinee, tastes

from recommender.baselines.bias import Bias
from recommender.baselines.popularity import Popularity
from recommender.contract import predict_or_fallback
from recommender.data.ratings import Ratings
from recommender.data.splits import last_out_split, random_split, time_split
from recommender.evaluation.metrics import mae, rmse
from recommender.recommendations import recommend


@pytest.fixture
def ratings_csv(tmp_path: Path) -> Path:
    return csv_write(tmp_path / "ratings.csv", tastes())


def _figures(*arguments: object, folder: Path) -> dict[str, Any]:
    done = matinee("evaluate", *arguments, "--json", folder / "figures.json", folder=folder)
    assert done.returncode == 0, done.stderr
    figures: dict[str, Any] = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    return figures


def test_the_stars_of_a_test_file_are_measured_as_by_hand(tmp_path: Path) -> None:
    split = random_split(tastes(), test_fraction=0.3, seed=1)
    files = "--train", csv_write(tmp_path / "t.csv", split.train), "--test", csv_write(tmp_path / "s.csv", split.test)
    figures = _figures("--algorithm", "bias", *files, folder=tmp_path)
    predicted = predict_or_fallback(Bias().fit(split.train), split.test.user_ids, split.test.item_ids)
    assert figures["rmse"] == pytest.approx(rmse(split.test.values, predicted), abs=1e-9)
    assert figures["mae"] == pytest.approx(mae(split.test.values, predicted), abs=1e-9)
    assert (figures["n_train"], figures["n_test"]) == (len(split.train), len(split.test))
    assert figures["seconds"] == pytest.approx(figures["fit_seconds"] + figures["predict_seconds"])
    assert 20 < figures["peak_memory_mb"] < 2000
    assert figures["config"]["n_epochs"] == 10
    assert {"algorithm", "seed", "versions", "protocol", "split"} <= set(figures)


def test_users_and_films_never_seen_count_and_are_counted(tmp_path: Path) -> None:
    train = Ratings.from_arrays([1, 1, 2, 2], [1, 2, 1, 2], [4.0, 2.0, 4.0, 2.0])
    test = Ratings.from_arrays([1, 9, 9], [7, 1, 8], [3.0, 3.0, 3.0])
    files = "--train", csv_write(tmp_path / "t.csv", train), "--test", csv_write(tmp_path / "s.csv", test)
    figures = _figures("--algorithm", "bias", *files, folder=tmp_path)
    assert (figures["n_fallback"], figures["n_unknown_users"], figures["n_unknown_items"]) == (3, 1, 2)
    guesses = Bias().fit(train).fallback([1, 9, 9], [7, 1, 8])
    assert figures["rmse"] == pytest.approx(rmse(test.values, guesses))


def test_test_ratings_are_never_trained_on(tmp_path: Path) -> None:
    whole = tastes()
    split = random_split(whole, test_fraction=0.3, seed=1)
    test = csv_write(tmp_path / "s.csv", split.test)
    clean = _figures(
        "--algorithm", "bias", "--train", csv_write(tmp_path / "t.csv", split.train), "--test", test, folder=tmp_path
    )
    leaky = _figures(
        "--algorithm", "bias", "--train", csv_write(tmp_path / "w.csv", whole), "--test", test, folder=tmp_path
    )
    assert leaky["rmse"] == clean["rmse"]
    assert (clean["n_left_out"], leaky["n_left_out"]) == (0, len(split.test))


@pytest.mark.parametrize(
    ("options", "split_by"), [((), "time"), (("--ignore-times",), "random"), (("--split", "last"), "last")]
)
def test_ratings_alone_are_split_by_time_where_it_is_known(
    tmp_path: Path, ratings_csv: Path, options: tuple[str, ...], split_by: str
) -> None:
    figures = _figures(
        "--algorithm", "bias", "--ratings", ratings_csv, "--test-fraction", "0.2", *options, folder=tmp_path
    )
    whole = tastes()
    split = {
        "time": lambda: time_split(whole, test_fraction=0.2),
        "random": lambda: random_split(whole, test_fraction=0.2, seed=0),
        "last": lambda: last_out_split(whole),
    }[split_by]()
    predicted = predict_or_fallback(Bias().fit(split.train), split.test.user_ids, split.test.item_ids)
    assert figures["split"] == split_by
    assert figures["rmse"] == pytest.approx(rmse(split.test.values, predicted), abs=1e-9)


def test_a_ranking_from_files_is_that_of_counting_by_hand(tmp_path: Path) -> None:
    split = last_out_split(tastes(30, 130))
    users, movies = split.test.user_ids.tolist(), split.test.item_ids.tolist()
    whole = tastes(30, 130)
    rng = np.random.default_rng(0)
    rows = []
    for user in users:
        free = np.setdiff1d(whole.items.ids, whole.item_ids[whole.user_ids == user])
        rows.append(rng.choice(free, 20, replace=False).tolist())
    last, negatives = tmp_path / "last.csv", tmp_path / "negatives.txt"
    last.write_text("userId,movieId\n" + "".join(f"{u},{f}\n" for u, f in zip(users, movies, strict=True)), "utf-8")
    negatives.write_text("".join(" ".join(map(str, row)) + "\n" for row in rows), "utf-8")
    train = csv_write(tmp_path / "t.csv", split.train)
    figures = _figures(
        "--algorithm", "popularity", "--protocol", "ranking", "--train", train, "--test-items", last,
        "--negatives", negatives, folder=tmp_path,
    )  # fmt: skip

    counts = dict(zip(*(each.tolist() for each in np.unique(split.train.item_ids, return_counts=True)), strict=True))
    for name, against in (("negatives", rows), ("full", [split.train.items.ids.tolist()] * len(users))):
        hits, gains = [], []
        for user, movie, others in zip(users, movies, against, strict=True):
            own = set(split.train.item_ids[split.train.user_ids == user].tolist()) | {movie}
            rank = sum(counts.get(other, 0) >= counts[movie] for other in others if other not in own)
            hits.append(rank < 10)
            gains.append(1 / np.log2(rank + 2) if rank < 10 else 0.0)
        assert figures[name]["hr@10"] == pytest.approx(np.mean(hits))
        assert figures[name]["ndcg@10"] == pytest.approx(np.mean(gains))
    assert 0 < figures["coverage"] < 1
    assert figures["n_negatives"] == 20
    assert figures["n_test"] == len(users)
    top = recommend(Popularity().fit(split.train), users, 10, exclude=split.train.by_user())
    shares = np.array([counts[movie] for movie in top.item_ids.ravel().tolist()]) / len(split.train.users)
    assert figures["novelty"] == pytest.approx(-np.log2(shares).mean())


def test_a_ranking_splits_off_the_last_ratings_and_draws_negatives_by_the_seed(
    tmp_path: Path, ratings_csv: Path
) -> None:
    arguments = "--algorithm", "ease", "--protocol", "ranking", "--ratings", ratings_csv, "--negatives-n", 8
    first, again, other = (_figures(*arguments, "--seed", seed, folder=tmp_path) for seed in (1, 1, 2))
    assert first["split"] == "last"
    assert first["negatives"] == again["negatives"] != other["negatives"]
    assert first["full"] == other["full"]
    untimed = _figures(*arguments, "--ignore-times", folder=tmp_path)
    assert untimed["split"] == "random"


def test_diversity_uses_genres_if_they_are_given(tmp_path: Path, ratings_csv: Path) -> None:
    movies = tmp_path / "movies.csv"
    rows = "".join(f"{movie},Film {movie},{'Drama' if movie % 2 else 'Comedy'}\n" for movie in range(1, 41))
    movies.write_text(f"movieId,title,genres\n{rows}", "utf-8")
    arguments = "--algorithm", "ease", "--protocol", "ranking", "--ratings", ratings_csv, "--negatives-n", 0
    by_genre = _figures(*arguments, "--movies", movies, folder=tmp_path)
    by_rating = _figures(*arguments, folder=tmp_path)
    assert (by_genre["diversity_by"], by_rating["diversity_by"]) == ("genres", "ratings")
    assert by_genre["diversity"] < 0.5
    assert by_genre["diversity"] != by_rating["diversity"]
    assert "negatives" not in by_genre


def test_the_table_names_every_figure(ratings_csv: Path) -> None:
    done = matinee("evaluate", "--algorithm", "popularity", "--ratings", ratings_csv)
    assert done.returncode == 0
    names = [line.split()[0] for line in done.stdout.splitlines()]
    assert names[:6] == ["figure", "protocol", "split", "rmse", "mae", "seconds"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "give --train and --test, or --ratings"),
        (("--ratings", "absent.csv"), "absent.csv"),
        (("--ratings", "R", "--json", "nowhere/f.json"), "there is no folder nowhere"),
        (("--ratings", "R", "--json", "."), "is a folder"),
        (("--ratings", "R", "--set", "wings=2"), "bias has no setting 'wings'"),
        (("--ratings", "R", "--algorithm", "hybrid"), "hybrid needs genres and keywords of films: give --movies"),
        (("--ratings", "R", "--movies", "absent.csv"), "absent.csv: there is no such file"),
        (("--ratings", "R", "--set", "n_epochs=0"), "n_epochs is 0: it must be at least 1"),
        (("--ratings", "R", "--test", "R"), "--test is for training and test files, without --ratings"),
        (("--ratings", "R", "--negatives-n", "5"), "--negatives-n is for --protocol ranking"),
        (("--ratings", "R", "--split", "time", "--protocol", "ranking"), "use last or random"),
        (("--train", "R", "--last", "L"), "L: line 3, column 2 is 'x'"),
        (("--train", "R", "--last", "M", "--negatives", "N"), "N: has 1 lines for 2 test cases"),
        (("--ratings", "R", "--protocol", "ranking", "--negatives-n", "35"), "35 negatives cannot be drawn"),
    ],
)
def test_the_error_for_invalid_arguments_is_one_sentence(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    csv_write(tmp_path / "R", tastes()).rename(tmp_path / "R.csv")
    (tmp_path / "L").write_text("userId,movieId\n1,2\n2,x\n", "utf-8")
    (tmp_path / "M").write_text("1,2\n2,3\n", "utf-8")
    (tmp_path / "N").write_text("4 5 6\n", "utf-8")
    named = [option.replace("R", "R.csv") if option == "R" else option for option in options]
    assert said in failure(matinee("evaluate", "--algorithm", "bias", *named, folder=tmp_path))


@pytest.mark.slow
def test_surprise_svd_on_the_official_split_of_movielens_100k(shared_data: Path, tmp_path: Path) -> None:
    files = []
    for name in ("u1.base", "u1.test"):
        columns = np.loadtxt(shared_data / "ml-100k" / name, dtype=np.int64)
        files.append(csv_write(tmp_path / f"{name}.csv", Ratings.from_arrays(*columns.T)))
    figures = _figures("--algorithm", "surprise-svd", "--train", files[0], "--test", files[1], folder=tmp_path)
    assert figures["rmse"] == pytest.approx(0.949, abs=0.006)
    assert (figures["n_train"], figures["n_test"], figures["n_unknown_items"]) == (80_000, 20_000, 32)


@pytest.mark.slow
def test_last_films_of_movielens_1m_are_found_by_ease(shared_data: Path, tmp_path: Path) -> None:
    columns = np.loadtxt(shared_data / "ml-1m" / "ratings.dat", delimiter=":", usecols=(0, 2, 4, 6), dtype=np.int64)
    ratings = csv_write(tmp_path / "ratings.csv", Ratings.from_arrays(*columns.T))
    figures = _figures("--algorithm", "ease", "--protocol", "ranking", "--ratings", ratings, folder=tmp_path)
    assert figures["n_test"] == 2999
    assert figures["negatives"]["hr@10"] == pytest.approx(0.62, abs=0.03)
    assert figures["full"]["ndcg@10"] == pytest.approx(0.046, abs=0.006)
    assert figures["n_unknown_items"] == 2
