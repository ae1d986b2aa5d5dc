"""Tables and pictures of results that are given."""

from pathlib import Path

import pytest

from recommender.errors import ConfigError
from recommender.evaluation.compare import Contender, Result, best_value, measured_columns, rank_results
from recommender.evaluation.plots import plot_comparison

STARS = [
    Result("bias", "stars", {"rmse": 0.95, "fit_seconds": 0.0, "peak_memory_mb": 150.0}),
    Result("svd", "stars", {"rmse": 0.9, "fit_seconds": 2.5, "peak_memory_mb": 250.0}),
    Result("broken", "stars", {}, "it broke"),
]
RANKING = [
    Result("bias", "ranking", {"full": {"ndcg@10": 0.01}, "fit_seconds": 0.1, "peak_memory_mb": 1.0}),
    Result("ease", "ranking", {"full": {"ndcg@10": 0.05}, "fit_seconds": 0.2, "peak_memory_mb": 2.0}),
]


def test_the_least_error_and_the_highest_gain_come_first_and_failures_last() -> None:
    assert [each.contender for each in rank_results([*RANKING, *STARS], "stars")] == ["svd", "bias", "broken"]
    assert [each.contender for each in rank_results([*RANKING, *STARS], "ranking")] == ["ease", "bias"]
    assert best_value(STARS, "rmse") == 0.9
    assert best_value(RANKING, "full ndcg@10") == 0.05
    assert best_value(RANKING, "negatives ndcg@10") is None
    assert measured_columns(RANKING, "ranking") == ["full ndcg@10", "fit_seconds", "peak_memory_mb"]


def test_a_contender_is_an_algorithm_with_settings() -> None:
    contender = Contender.parse("svd:n_factors=50,n_epochs=40")
    assert (contender.algorithm, contender.settings) == ("svd", {"n_factors": 50, "n_epochs": 40})
    assert Contender.parse("bias").settings == {}


@pytest.mark.parametrize("ending", [".png", ".svg", ".pdf"])
def test_a_picture_is_drawn_in_each_format(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"comparison{ending}"
    plot_comparison([*STARS, *RANKING], path)
    starts = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}
    assert path.read_bytes().startswith(starts[ending])


def test_the_same_figures_make_the_same_picture(tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        plot_comparison(STARS, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert "broken" not in (tmp_path / "a.svg").read_text(encoding="utf-8")


def test_nothing_to_draw_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nothing was measured"):
        plot_comparison(STARS[2:], tmp_path / "c.png")
