"""Search for better hyper-parameters: random settings, with bad ones dropped early.

A trial is dropped by successive halving: all settings are first trained on the ratings of a sample of the users, the
best third of them on three times as many users, and so on (Jamieson, Talwalkar 2016, AISTATS, algorithm 1, with users
as the budget). A training with epochs ends when it stops improving (`fit_early_stopping`).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from recommender.algorithms import Setting, get_search_space, make_config, make_estimator, ranks_by_predicted_stars
from recommender.arrays import BoolArray
from recommender.config import require_count
from recommender.data.catalogue import Catalogue
from recommender.data.ratings import Ratings
from recommender.data.splits import Split, last_out_split, one_out_split, random_split, time_split
from recommender.errors import ConfigError, DivergedError
from recommender.evaluation.early_stopping import fit_early_stopping
from recommender.evaluation.gate import Measure
from recommender.evaluation.validation import Validation
from recommender.search_space import sample_settings

# One in three trials goes on to the next sample, which has three times the users.
_FACTOR = 3
# The smallest sample of users has at least this many ratings; the largest sample, the third at most, is all users.
_MIN_RATINGS = 20_000
_MAX_SAMPLES = 3
_EPOCHS = "n_epochs"
_TEST_FRACTION = 0.1


@dataclass(frozen=True)
class Trial:
    """A setting of the search and its result.

    `number`: 0 for the defaults; `settings`: the drawn ones; `share`: of the users in the last training; `value` of
    the measure, None if the training diverged with `error`; `best_epoch` of the `n_epochs` trained, None for algorithms
    without epochs; `seconds`: of all trainings.
    """

    number: int
    settings: Mapping[str, Setting]
    share: float = 0.0
    value: float | None = None
    best_epoch: int | None = None
    n_epochs: int | None = None
    seconds: float = 0.0
    error: str = ""

    @property
    def best_settings(self) -> Mapping[str, Setting]:
        """The drawn settings, with the best number of epochs."""
        return self.settings if self.best_epoch is None else {**self.settings, _EPOCHS: self.best_epoch}


@dataclass(frozen=True)
class SearchResult:
    """`trials`: by number, each with its last result; `best`: the best one trained on all users."""

    algorithm: str
    measure: Measure
    trials: Sequence[Trial]
    best: Trial


@dataclass(frozen=True, eq=False)
class Search:
    """The settings of a search. ConfigError for a value outside its range, or an algorithm with nothing to tune.

    `n_trials`: settings to draw besides the defaults; `seed`: of the draws, the samples of users and the trainings;
    `patience`: epochs without improvement that end a training; `measure`: by default RMSE for algorithms that rank by
    stars and NDCG@10 for others; `fixed`: settings of all trials; `catalogue`: for algorithms that need it.
    """

    algorithm: str
    n_trials: int = 20
    seed: int = 0
    patience: int = 3
    measure: Measure | None = None
    fixed: Mapping[str, Setting] | None = None
    catalogue: Catalogue | None = None

    def __post_init__(self) -> None:
        require_count("n_trials", self.n_trials)
        require_count("patience", self.patience)
        make_config(self.algorithm, self.fixed, seed=self.seed)
        if not set(get_search_space(self.algorithm)) - set(self.fixed or {}):
            raise ConfigError(f"{self.algorithm} has nothing left to tune: choose another algorithm, or fix less.")

    def run(self, split: Split, on_trial: Callable[[Trial], None] | None = None) -> SearchResult:
        """Train settings on `split.train` and measure them on `split.test`; call `on_trial` after each training.

        DivergedError if every training diverged.
        """
        trials, measure = self._draw_trials(), measure_for(self.algorithm, self.measure)
        remaining = list(range(len(trials)))
        for share, part in user_samples(split, seed=self.seed):
            validation = Validation(part, measure)
            for number in remaining:
                trials[number] = self._run_trial(trials[number], share, validation)
                if on_trial is not None:
                    on_trial(trials[number])
            remaining = _select_trials([trials[number] for number in remaining], validation, share)
        if not remaining:
            raise DivergedError(f"All {len(trials)} trials of {self.algorithm} failed: {trials[0].error}")
        return SearchResult(self.algorithm, measure, trials, trials[remaining[0]])

    def _draw_trials(self) -> list[Trial]:
        fixed, rng = self.fixed or {}, np.random.default_rng(self.seed)
        space = {name: tried for name, tried in get_search_space(self.algorithm).items() if name not in fixed}
        drawn = [sample_settings(space, rng) for _ in range(self.n_trials)]
        return [Trial(number, {**settings, **fixed}) for number, settings in enumerate([{}, *drawn])]

    def _run_trial(self, trial: Trial, share: float, validation: Validation) -> Trial:
        """Return the trial with its result on a sample of the users."""
        began = time.perf_counter()
        try:
            result = self._train(trial, validation)
        except DivergedError as error:
            result = replace(trial, value=None, error=str(error))
        return replace(result, share=share, seconds=trial.seconds + time.perf_counter() - began)

    def _train(self, trial: Trial, validation: Validation) -> Trial:
        estimator = make_estimator(self.algorithm, trial.settings, seed=self.seed, catalogue=self.catalogue)
        train = validation.split.train
        if not hasattr(make_config(self.algorithm), _EPOCHS):
            return replace(trial, value=validation.value(estimator.fit(train)))
        result = fit_early_stopping(estimator, train, validation, patience=self.patience)
        return replace(trial, value=result.value, best_epoch=result.best_epoch, n_epochs=result.n_epochs)


def measure_for(algorithm: str, measure: Measure | None = None) -> Measure:
    """Return `measure` itself; for None, RMSE for algorithms that rank by stars and NDCG@10 for others."""
    if measure is not None:
        return measure
    return Measure.STARS if ranks_by_predicted_stars(algorithm) else Measure.ORDER


def make_tuning_split(ratings: Ratings, measure: Measure, *, seed: int) -> Split:
    """Return the split to measure trials on: the newest tenth of `ratings` for RMSE, the last rating of each user for
    NDCG.

    Without usable times, `seed` draws the test ratings. DataError for too few ratings.
    """
    if measure is Measure.ORDER:
        return one_out_split(ratings, seed=seed) if ratings.times is None else last_out_split(ratings)
    if ratings.times is None or ratings.times.min() == ratings.times.max():
        return random_split(ratings, test_fraction=_TEST_FRACTION, seed=seed)
    return time_split(ratings, test_fraction=_TEST_FRACTION)


def user_samples(split: Split, *, seed: int) -> list[tuple[float, Split]]:
    """Return growing samples of the users: the share of users, and their part of `split`. The last one is all of
    `split`.
    """
    n_samples = 1
    while n_samples < _MAX_SAMPLES and len(split.train) >= _MIN_RATINGS * _FACTOR**n_samples:
        n_samples += 1
    draws = np.random.default_rng(seed).random(len(split.train.users))
    shares = [_FACTOR**-power for power in range(n_samples - 1, 0, -1)]
    samples = [(share, _select_users(split, draws < share)) for share in shares]
    return [(share, part) for share, part in samples if part is not None] + [(1.0, split)]


def _select_users(split: Split, chosen: BoolArray) -> Split | None:
    """Return the ratings of the `chosen` users (n_users,) of the training part; None if one side would be empty."""
    train, test = split
    positions = train.users.positions(test.users.ids)
    in_test = ((positions >= 0) & chosen[positions])[test.user_positions]
    in_train = chosen[train.user_positions]
    return Split(train.select(in_train), test.select(in_test)) if in_test.any() and in_train.any() else None


def _select_trials(trials: Sequence[Trial], validation: Validation, share: float) -> list[int]:
    """Return the numbers of the trials to continue, best first. The defaults always continue, for comparison."""
    losses = [(validation.loss(trial.value), trial.number) for trial in trials if trial.value is not None]
    order = [number for _, number in sorted(losses)]
    if share == 1.0:
        return order
    selected = order[: -(-len(trials) // _FACTOR)]
    return selected if 0 in selected or 0 not in order else [*selected, 0]
