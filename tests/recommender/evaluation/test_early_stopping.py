"""Training that ends early, on an algorithm whose every epoch is known."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import pytest

from recommender.algorithms import make_estimator
from recommender.baselines.bias import BiasModel
from recommender.contract import Epoch, OnEpoch
from recommender.data.ratings import Ratings
from recommender.data.splits import Split, last_out_split, random_split
from recommender.errors import ConfigError, DataError
from recommender.evaluation.early_stopping import fit_early_stopping
from recommender.evaluation.gate import Measure
from recommender.evaluation.metrics import ranking_metrics, rmse
from recommender.evaluation.ranking import LeaveLastOut, rank_all
from recommender.evaluation.validation import Validation
from recommender.items.ease import EASE


@dataclass
class Scripted:
    """Predicts `guesses[e]` for everything after epoch e + 1; `trained` counts the epochs."""

    guesses: Sequence[float]
    shows_model: bool = True
    trained: int = field(default=0, init=False)

    def fit(self, ratings: Ratings, on_epoch: OnEpoch | None = None) -> BiasModel:
        for done in range(1, len(self.guesses) + 1):
            self.trained = done
            shown = partial(self._model, ratings) if self.shows_model else None
            if on_epoch is not None and on_epoch(Epoch(done, len(self.guesses), shown)):
                break
        return self._model(ratings)

    def _model(self, ratings: Ratings) -> BiasModel:
        return BiasModel(
            users=ratings.users,
            items=ratings.items,
            global_mean=self.guesses[self.trained - 1],
            user_biases=np.zeros(len(ratings.users), dtype=np.float32),
            item_biases=np.zeros(len(ratings.items), dtype=np.float32),
            user_damping=1.0,
        )


@pytest.fixture
def threes() -> Split:
    """Ratings of 3 stars, so that a guess of g has an RMSE of |g - 3|."""
    ratings = Ratings.from_arrays([1, 1, 2, 2], [1, 2, 1, 2], [3.0] * 4)
    return random_split(ratings, test_fraction=0.25, seed=0)


@pytest.mark.parametrize(("patience", "trained", "best"), [(1, 3, 2), (2, 4, 2), (3, 9, 6), (20, 10, 6)])
def test_training_ends_after_so_many_epochs_without_gain_and_keeps_the_best(
    threes: Split, patience: int, trained: int, best: int
) -> None:
    guesses = [4.0, 3.5, 3.6, 3.5, 3.3, 3.1, 3.2, 3.1, 3.1, 3.2]
    estimator = Scripted(guesses)
    done = fit_early_stopping(estimator, threes.train, Validation(threes, Measure.STARS), patience=patience)
    assert (estimator.trained, done.n_epochs, done.best_epoch) == (trained, trained, best)
    assert done.model.predict([1], [1]) == pytest.approx([guesses[best - 1]])
    assert done.value == pytest.approx(guesses[best - 1] - 3)
    assert [point.value for point in done.curve] == pytest.approx([guess - 3 for guess in guesses[:trained]])
    assert [point.epoch for point in done.curve] == list(range(1, trained + 1))
    assert [point.seconds for point in done.curve] == sorted(point.seconds for point in done.curve)


def test_training_that_gains_to_its_end_is_not_cut_short(threes: Split) -> None:
    estimator = Scripted([4.0, 3.5, 3.2])
    done = fit_early_stopping(estimator, threes.train, Validation(threes, Measure.STARS), patience=1)
    assert (estimator.trained, done.best_epoch) == (3, 3)


def test_a_training_that_shows_nothing_before_its_end_is_measured_there(threes: Split) -> None:
    estimator = Scripted([3.1, 4.0, 3.5], shows_model=False)
    done = fit_early_stopping(estimator, threes.train, Validation(threes, Measure.STARS), patience=1)
    assert (estimator.trained, done.best_epoch, done.n_epochs) == (3, 3, 3)
    assert [point.epoch for point in done.curve] == [3]
    assert done.value == pytest.approx(0.5)


def test_a_callback_can_end_the_training(threes: Split) -> None:
    estimator = Scripted([4.0, 3.5, 3.2, 3.1])
    validation = Validation(threes, Measure.STARS)
    done = fit_early_stopping(estimator, threes.train, validation, on_epoch=lambda epoch: epoch.done == 2)
    assert (estimator.trained, done.best_epoch) == (2, 2)


def test_no_patience_at_all_is_refused(threes: Split) -> None:
    with pytest.raises(ConfigError, match="patience is 0"):
        fit_early_stopping(Scripted([3.0]), threes.train, Validation(threes, Measure.STARS), patience=0)


@pytest.mark.parametrize("name", ["svd", "als", "item2vec"])
def test_algorithms_that_learn_by_epochs_really_stop(synthetic: Ratings, name: str) -> None:
    split = last_out_split(synthetic)
    measure = Measure.STARS if name == "svd" else Measure.ORDER
    settings = {"n_epochs": 60, "n_factors": 16, **({"learning_rate": 0.03, "n_threads": 1} if name == "svd" else {})}
    done = fit_early_stopping(make_estimator(name, settings), split.train, Validation(split, measure), patience=2)
    assert done.n_epochs < 60
    assert done.n_epochs in {done.best_epoch, done.best_epoch + 2}
    assert Validation(split, measure).value(done.model) == done.value


def test_stars_are_validated_by_their_rmse(synthetic: Ratings) -> None:
    split = random_split(synthetic, test_fraction=0.2, seed=0)
    model = EASE().fit(split.train)
    validation = Validation(split, Measure.STARS)
    assert validation.value(model) == rmse(split.test.values, model.predict(split.test.user_ids, split.test.item_ids))
    assert validation.loss(0.9) < validation.loss(1.0)


def test_an_order_is_validated_as_in_leave_last_out(synthetic: Ratings) -> None:
    split = last_out_split(synthetic)
    model = EASE().fit(split.train)
    validation = Validation(split, Measure.ORDER)
    expected = ranking_metrics(rank_all(model, LeaveLastOut.from_split(split)).ranks)["ndcg@10"]
    assert validation.value(model) == pytest.approx(expected)
    assert validation.loss(0.3) < validation.loss(0.2)


def test_ndcg_needs_test_users_from_the_training_part(synthetic: Ratings) -> None:
    split = last_out_split(synthetic)
    strangers = replace(split.test, users=type(split.test.users)(split.test.users.ids + 10**6))
    with pytest.raises(DataError, match="No test user is in the training part"):
        Validation(Split(split.train, strangers), Measure.ORDER).value(EASE().fit(split.train))
