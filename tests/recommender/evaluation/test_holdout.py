import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.contract import OnEpoch
from recommender.data.ratings import Ratings
from recommender.data.splits import random_split
from recommender.errors import DataError
from recommender.evaluation.holdout import evaluate_folds, evaluate_split
from recommender.evaluation.metrics import mae, rmse
from recommender.factors.model import FactorModel
from recommender.factors.surprise import SurpriseSVD, SurpriseSVDConfig

stars = st.lists(st.tuples(st.floats(0.5, 5.0), st.floats(0.5, 5.0)), min_size=1, max_size=30)


def test_errors_are_measured_in_stars() -> None:
    assert rmse([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 2.0]) == 1.0
    assert mae([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 2.0]) == 0.5


@given(stars)
def test_the_root_mean_square_is_at_least_the_mean_and_at_most_the_largest_error(
    pairs: list[tuple[float, float]],
) -> None:
    actual, predicted = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    largest = max(abs(a - p) for a, p in pairs)
    assert mae(actual, predicted) <= rmse(actual, predicted) + 1e-9 <= largest + 2e-9
    assert rmse(actual, predicted) == rmse(predicted, actual)


@pytest.mark.parametrize(("actual", "predicted"), [([], []), ([1.0], [1.0, 2.0]), ([1.0], [float("nan")])])
def test_errors_of_nothing_or_of_no_number_are_refused(actual: list[float], predicted: list[float]) -> None:
    with pytest.raises(DataError):
        rmse(actual, predicted)


def test_a_model_is_measured_on_held_out_ratings_only(synthetic: Ratings) -> None:
    class Watching:
        def fit(self, ratings: Ratings, on_epoch: OnEpoch | None = None) -> FactorModel:
            self.seen = ratings
            return SurpriseSVD(SurpriseSVDConfig(n_factors=2, n_epochs=1)).fit(ratings, on_epoch)

    watching = Watching()
    report = evaluate_split(watching, random_split(synthetic, test_fraction=0.25, seed=4))
    assert report["n_train"] == len(watching.seen) == 1125
    assert report["n_test"] == 375


def test_unseen_users_and_items_count_by_the_fallback() -> None:
    ratings = Ratings.from_arrays([1, 2, 3, 4], [1, 2, 3, 4], [1.0, 2.0, 4.0, 5.0])
    report = evaluate_split(
        SurpriseSVD(SurpriseSVDConfig(n_factors=2)), random_split(ratings, test_fraction=0.25, seed=0)
    )
    assert report["n_fallback"] == report["n_test"] == 1
    # The one rating left out is predicted by the mean of the other three.
    assert report["rmse"] in [pytest.approx(abs(value - (12 - value) / 3)) for value in (1.0, 2.0, 4.0, 5.0)]
    assert np.isfinite(report["mae"])


def test_in_folds_every_rating_is_predicted_and_epochs_count_on() -> None:
    ratings = Ratings.from_arrays([1, 1, 2, 2], [1, 2, 1, 2], [1.0, 2.0, 4.0, 5.0])
    seen: list[tuple[int, int]] = []
    estimator = SurpriseSVD(SurpriseSVDConfig(n_factors=2, n_epochs=2))
    report = evaluate_folds(
        estimator, ratings, n_folds=2, on_epoch=lambda epoch: seen.append((epoch.done, epoch.total))
    )
    assert (report["n_train"], report["n_test"]) == (2, 4)
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_accuracy_in_folds_on_movielens_does_not_depend_on_the_draw(latest_small: Ratings) -> None:
    reports = [evaluate_folds(SurpriseSVD(), latest_small, n_folds=5, seed=seed) for seed in (1, 2)]
    assert reports[0]["rmse"] == pytest.approx(reports[1]["rmse"], abs=0.003)
    assert reports[0]["rmse"] == pytest.approx(0.87, abs=0.01)
