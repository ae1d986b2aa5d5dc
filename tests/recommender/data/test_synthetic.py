from pathlib import Path

import numpy as np
import pyarrow.csv
import pytest

from recommender.contract import predict_or_fallback
from recommender.data.files import read_ratings_file
from recommender.data.splits import random_split
from recommender.data.synthetic import synthetic_blocks, synthetic_ratings, write_synthetic
from recommender.data.synthetic_model import SyntheticConfig
from recommender.errors import ConfigError, DataError
from recommender.evaluation.metrics import rmse
from recommender.factors.svd import SVD, SVDConfig


def _columns(path: Path) -> dict[str, list[float]]:
    columns: dict[str, list[float]] = pyarrow.csv.read_csv(path).to_pydict()
    return columns


@pytest.mark.parametrize("structure", ["latent", "uniform"])
@pytest.mark.parametrize("per_user", [1, 7, 20, 79, 80])
def test_each_user_rates_the_given_number_of_distinct_movies(structure: str, per_user: int) -> None:
    config = SyntheticConfig(n_users=300, n_items=80, per_user=per_user, structure=structure)
    for block in synthetic_blocks(config):
        assert (np.diff(block.drawn, axis=1) > 0).all()
        assert block.drawn.min() >= 0
        assert block.drawn.max() <= 79
        assert set(np.unique(block.halves)) <= set(range(1, 11))
    ratings = synthetic_ratings(config)
    assert ratings.users.ids.tolist() == list(range(1, 301))
    assert np.bincount(ratings.user_positions).tolist() == [per_user] * 300


def test_the_file_depends_on_the_seed_and_not_on_the_threads(tmp_path: Path) -> None:
    import numba  # noqa: PLC0415 - takes long to load.

    texts = []
    for n_threads, seed in ((1, 5), (numba.config.NUMBA_NUM_THREADS, 5), (1, 6)):  # type: ignore[attr-defined]  # Set at run time.
        before = numba.get_num_threads()
        numba.set_num_threads(n_threads)
        try:
            write_synthetic(SyntheticConfig(n_users=3000, seed=seed, timed=True), tmp_path / "r.csv")
        finally:
            numba.set_num_threads(before)
        texts.append((tmp_path / "r.csv").read_bytes())
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]


def test_users_do_not_depend_on_the_number_of_users() -> None:
    few = next(synthetic_blocks(SyntheticConfig(n_users=10, seed=3)))
    many = next(synthetic_blocks(SyntheticConfig(n_users=500, seed=3)))
    assert few.drawn.tolist() == many.drawn[:10].tolist()
    assert few.halves.tolist() == many.halves[:10].tolist()


def test_models_learn_biases_and_factors_from_latent_ratings() -> None:
    split = random_split(
        synthetic_ratings(SyntheticConfig(n_users=2000, n_items=200, per_user=60)), test_fraction=0.1, seed=0
    )
    errors = []
    for n_factors, spread in ((8, 0.1), (1, 0.0)):
        config = SVDConfig(n_factors=n_factors, init_std_dev=spread, n_epochs=40, learning_rate=0.01, n_threads=1)
        model = SVD(config).fit(split.train)
        predicted = predict_or_fallback(model, split.test.user_ids, split.test.item_ids)
        errors.append(rmse(split.test.values, predicted))
    of_factors, of_biases = errors
    assert of_biases < 0.9 * float(np.std(split.test.values))
    assert of_factors < 0.95 * of_biases


def test_popularity_is_unequal_in_latent_ratings_and_equal_in_uniform_ones() -> None:
    counts = {}
    for structure in ("latent", "uniform"):
        ratings = synthetic_ratings(SyntheticConfig(n_users=2000, n_items=100, per_user=10, structure=structure))
        counts[structure] = np.bincount(ratings.item_positions)
    assert counts["latent"].max() > 20 * counts["latent"].min()
    assert abs(counts["uniform"] - 200).max() < 5 * np.sqrt(200)
    assert np.bincount((ratings.values * 2).astype(int), minlength=11)[1:].min() > 1800


def test_both_ways_to_draw_items_give_the_same_popularity() -> None:
    """A quarter of all is the last that is drawn one by one; one more, and waiting times decide."""
    rates = []
    for per_user in (10, 11):
        ratings = synthetic_ratings(SyntheticConfig(n_users=20_000, n_items=40, per_user=per_user))
        rates.append(np.bincount(ratings.item_positions) / 20_000)
    assert (rates[1] > rates[0] - 0.01).all()
    assert (rates[1] < rates[0] + 0.1).all()


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("timed", [False, True])
def test_ratings_survive_writing_and_reading(tmp_path: Path, suffix: str, timed: bool) -> None:  # noqa: FBT001 - a parameter of a test.
    config = SyntheticConfig(n_users=50, n_items=120, per_user=12, timed=timed, seed=9)
    path, rows = tmp_path / f"ratings{suffix}", list[int]()
    write_synthetic(config, path, on_rows=rows.append)
    wanted = synthetic_ratings(config)
    assert sum(rows) == len(wanted) == 600
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    read = read_ratings_file(path)
    assert read.user_ids.tolist() == wanted.user_ids.tolist()
    assert read.item_ids.tolist() == wanted.item_ids.tolist()
    assert read.values.tolist() == wanted.values.tolist()
    assert (read.times is not None) is timed
    if read.times is not None and wanted.times is not None:
        assert read.times.tolist() == wanted.times.tolist()


def test_blocks_of_many_users_join_without_a_seam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = SyntheticConfig(n_users=1003, n_items=50, per_user=5)
    write_synthetic(config, tmp_path / "whole.csv")
    monkeypatch.setattr("recommender.data.synthetic._BLOCK_RATINGS", 1024)
    write_synthetic(config, tmp_path / "blocks.csv")
    assert (tmp_path / "whole.csv").read_bytes() == (tmp_path / "blocks.csv").read_bytes()
    assert _columns(tmp_path / "whole.csv")["userId"] == np.repeat(np.arange(1, 1004), 5).tolist()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_users": 0}, "n_users is 0: it must be from 1"),
        ({"n_items": 1_000_001}, "n_items is 1000001"),
        ({"n_items": 10, "per_user": 11}, "per_user is 11: it must be from 1 to n_items, which is 10"),
        ({"structure": "fractal"}, "structure is fractal: it must be one of latent, uniform"),
        ({"n_factors": 101}, "n_factors is 101"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_a_setting_outside_its_range_is_refused(settings: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        SyntheticConfig(**settings)  # type: ignore[arg-type]  # One of them is text.


def test_an_interrupted_write_leaves_the_previous_file(tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text("mine")

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_synthetic(SyntheticConfig(n_users=10), path, on_rows=interrupt)
    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]


def test_an_impossible_path_is_an_error(tmp_path: Path) -> None:
    config = SyntheticConfig(n_users=1)
    with pytest.raises(DataError, match="there is no folder"):
        write_synthetic(config, tmp_path / "nowhere" / "ratings.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match="is not a file"):
        write_synthetic(config, tmp_path / "folder.csv")
    with pytest.raises(ConfigError, match=r"'\.txt': it must be \.csv or \.parquet"):
        write_synthetic(config, tmp_path / "ratings.txt")
