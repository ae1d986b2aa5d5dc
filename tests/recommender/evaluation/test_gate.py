import numpy as np
import pytest

from recommender.evaluation.gate import (
    MIN_USERS,
    Comparison,
    Measure,
    Outcome,
    Requirement,
    Rival,
    compare_with_live,
    compare_with_popularity,
)
from recommender.evaluation.temporal_holdout import Performance


def performance(*, error: float, ndcg: float, n: int = 200, by_stars: bool = False, noise: float = 0.2) -> Performance:
    """People with `error` stars and `ndcg` on average; the same noise for all models, as people are the same."""
    rng = np.random.default_rng(5)
    shifts = rng.normal(0, noise, n)
    errors = np.abs(error + shifts)
    return Performance(
        squared=4 * errors**2,
        absolute=4 * errors,
        counts=np.full(n, 4),
        ndcg=np.clip(ndcg + rng.normal(0, noise / 4, n), 0, 1),
        ranks_by_stars=by_stars,
        fit_seconds=0.0,
    )


def passed(comparisons: list[Comparison]) -> bool:
    return all(comparison.passed for comparison in comparisons)


@pytest.mark.parametrize(
    ("error", "ndcg", "by_stars", "goes"),
    [
        (0.8, 0.3, False, True),
        (0.8, 0.1, False, False),  # Its order is what it claims.
        (1.2, 0.3, False, False),  # Its stars are clearly worse.
        (0.8, 0.1, True, True),  # Its stars are what it claims.
        (1.0, 0.9, True, False),
    ],
)
def test_a_model_must_beat_popularity_at_its_own_measure(
    error: float, ndcg: float, *, by_stars: bool, goes: bool
) -> None:
    popularity = performance(error=1.0, ndcg=0.2)
    assert passed(compare_with_popularity(performance(error=error, ndcg=ndcg, by_stars=by_stars), popularity)) is goes


def test_model_like_the_live_one_takes_its_place_only_if_it_is_the_same_algorithm() -> None:
    live = Rival("live", performance(error=0.9, ndcg=0.3))
    alike = performance(error=0.9, ndcg=0.3)

    assert passed(compare_with_live(alike, live, same_algorithm=True))
    assert not passed(compare_with_live(alike, live, same_algorithm=False))


@pytest.mark.parametrize(
    ("error", "ndcg", "goes"), [(0.8, 0.3, True), (0.9, 0.4, True), (0.8, 0.2, False), (1.0, 0.4, False)]
)
def test_another_algorithm_must_be_better_at_one_thing_and_not_worse_at_the_other(
    error: float, ndcg: float, *, goes: bool
) -> None:
    live = Rival("live", performance(error=0.9, ndcg=0.3))
    assert passed(compare_with_live(performance(error=error, ndcg=ndcg), live, same_algorithm=False)) is goes


def test_worse_configuration_of_the_live_algorithm_is_refused() -> None:
    live = Rival("live", performance(error=0.9, ndcg=0.3))
    assert not passed(compare_with_live(performance(error=1.0, ndcg=0.3), live, same_algorithm=True))


def test_too_few_test_users_pass_but_do_not_change_the_algorithm() -> None:
    few = performance(error=2.0, ndcg=0.0, n=MIN_USERS - 1)
    rival = performance(error=0.5, ndcg=0.9, n=MIN_USERS - 1)

    comparisons = compare_with_popularity(few, rival)
    assert {comparison.outcome for comparison in comparisons} == {Outcome.TOO_FEW}
    assert passed(comparisons)
    assert passed(compare_with_live(few, Rival("live", rival), same_algorithm=True))
    assert not passed(compare_with_live(few, Rival("live", rival), same_algorithm=False))


def test_interval_holds_the_advantage_and_the_same_seed_gives_the_same() -> None:
    one, other = performance(error=0.8, ndcg=0.3), performance(error=0.9, ndcg=0.3)
    (stars, _), again = compare_with_popularity(one, other), compare_with_popularity(one, other)

    assert stars.low is not None
    assert stars.high is not None
    assert stars.low < other.metrics["rmse"] - one.metrics["rmse"] < stars.high
    assert stars == again[0]
    assert stars.measure is Measure.STARS
    assert stars.outcome is Outcome.BETTER


def test_noise_is_no_difference() -> None:
    one, other = performance(error=0.9, ndcg=0.3), performance(error=0.9, ndcg=0.3)
    shuffled = np.random.default_rng(1).permutation(len(other.squared))
    other = Performance(
        squared=other.squared[shuffled],
        absolute=other.absolute[shuffled],
        counts=other.counts,
        ndcg=other.ndcg[shuffled],
        ranks_by_stars=False,
        fit_seconds=0.0,
    )
    assert {each.outcome for each in compare_with_live(one, Rival("live", other), same_algorithm=True)} == {
        Outcome.SIMILAR
    }


def test_comparison_for_information_never_fails() -> None:
    comparison = Comparison("popularity", Measure.ORDER, Requirement.NONE, Outcome.WORSE, 0.1, 0.9, -0.9, -0.7)
    assert comparison.passed
