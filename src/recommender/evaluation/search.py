"""A search for better hyper-parameters: settings drawn at random, those that do badly stopped early.

Two things stop early. A trial is given up by successive halving: all settings first learn from the ratings of a part of
the users, the best third of them from three times as many, and so on (Jamieson, Talwalkar 2016, AISTATS, algorithm 1,
the budget being users). And a training that goes by epochs ends once it gets no better (`fit_early_stopping`).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from recommender.algorithms import (
    Setting,
    get_search_space,
    make_config,
    make_estimator,
    ranks_by_predicted_stars,
)
from recommender.arrays import BoolArray
from recommender.config import require_count
from recommender.data.ratings import Ratings
from recommender.data.splits import Split, last_out_split, one_out_split, random_split, time_split
from recommender.errors import ConfigError, DivergedError
from recommender.evaluation.early_stopping import fit_early_stopping
from recommender.evaluation.gate import Measure
from recommender.evaluation.validation import Validation
from recommender.search_space import sample_settings

if TYPE_CHECKING:
    from recommender.data.catalogue import Catalogue

# Of the trials that learnt from a part of the users, one in so many goes on, with so many times the users.
_KEPT = 3
# A part of the users has at least so many ratings; there are so many parts at most, all users being the last.
_RATINGS_AT_LEAST = 20_000
_PARTS_AT_MOST = 3
_EPOCHS = "n_epochs"
_TEST_FRACTION = 0.1


@dataclass(frozen=True)
class Trial:
    """`number`: 0 for the defaults; `settings`: what was drawn; `share`: of the users that it last learnt from.

    `value`: of the measure, None where training diverged, as `error` says; `n_epochs`: how many were trained, of which
    `best_epoch` was the best, None for algorithms that do not go by epochs; `seconds`: of all its trainings.
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
        """What was drawn, with as many epochs as were best."""
        return self.settings if self.best_epoch is None else {**self.settings, _EPOCHS: self.best_epoch}


@dataclass(frozen=True)
class SearchResult:
    """`trials` by their number, each as it was last measured; `best`: of those that learnt from all users."""

    algorithm: str
    measure: Measure
    trials: Sequence[Trial]
    best: Trial


@dataclass(frozen=True, eq=False)
class Search:
    """How an algorithm is searched; ConfigError for a value outside its range, or an algorithm with nothing to tune.

    `n_trials`: settings drawn besides the defaults; `seed`: of the draws, the users and the trainings; `patience`:
    epochs without gain that end a training; `measure`: None for NDCG@10 where the algorithm's lists have an order of
    their own, else RMSE; `fixed`: settings that all trials share; `catalogue`: for algorithms that need it.
    """

    algorithm: str
    n_trials: int = 20
    seed: int = 0
    patience: int = 3
    measure: Measure | None = None
    fixed: Mapping[str, Setting] | None = None
    catalogue: "Catalogue | None" = None

    def __post_init__(self) -> None:
        require_count("n_trials", self.n_trials)
        require_count("patience", self.patience)
        make_config(self.algorithm, self.fixed, seed=self.seed)
        if not set(get_search_space(self.algorithm)) - set(self.fixed or {}):
            raise ConfigError(f"{self.algorithm} has nothing left to tune: choose another algorithm, or fix less.")

    def run(self, split: Split, on_trial: Callable[[Trial], None] | None = None) -> SearchResult:
        """Try settings on `split.train`, measured on `split.test`; `on_trial` hears of each as it is measured.

        DivergedError when no training came to an end.
        """
        trials = {trial.number: trial for trial in self._drawn()}
        going, measure = list(trials), measure_of(self.algorithm, self.measure)
        for share, part in parts_of(split, seed=self.seed):
            validation = Validation(part, measure)
            for number in going:
                trials[number] = self._tried(trials[number], share, validation)
                if on_trial is not None:
                    on_trial(trials[number])
            going = _kept([trials[number] for number in going], validation, share)
        if not going:
            raise DivergedError(
                f"Not one of {len(trials)} trials of {self.algorithm} came to an end: {trials[0].error}"
            )
        return SearchResult(self.algorithm, measure, list(trials.values()), trials[going[0]])

    def _drawn(self) -> list[Trial]:
        fixed, rng = self.fixed or {}, np.random.default_rng(self.seed)
        space = {name: tried for name, tried in get_search_space(self.algorithm).items() if name not in fixed}
        drawn = [sample_settings(space, rng) for _ in range(self.n_trials)]
        return [Trial(number, {**settings, **fixed}) for number, settings in enumerate([{}, *drawn])]

    def _tried(self, trial: Trial, share: float, validation: Validation) -> Trial:
        """A trial as it is after learning from a part of the users."""
        began = time.perf_counter()
        try:
            tried = self._trained(trial, validation)
        except DivergedError as error:
            tried = replace(trial, value=None, error=str(error))
        return replace(tried, share=share, seconds=trial.seconds + time.perf_counter() - began)

    def _trained(self, trial: Trial, validation: Validation) -> Trial:
        estimator = make_estimator(self.algorithm, trial.settings, seed=self.seed, catalogue=self.catalogue)
        train = validation.split.train
        if not hasattr(make_config(self.algorithm), _EPOCHS):
            return replace(trial, value=validation.value(estimator.fit(train)))
        done = fit_early_stopping(estimator, train, validation, patience=self.patience)
        return replace(trial, value=done.value, best_epoch=done.best_epoch, n_epochs=done.n_epochs)


def measure_of(algorithm: str, measure: Measure | None = None) -> Measure:
    """`measure`, or for None what an algorithm is there for: the order of its lists, or its stars."""
    if measure is not None:
        return measure
    return Measure.STARS if ranks_by_predicted_stars(algorithm) else Measure.ORDER


def tuning_split(ratings: Ratings, measure: Measure, *, seed: int) -> Split:
    """What to measure trials on: for stars the newest tenth of `ratings`, for an order the last one of each user.

    Where times do not tell which those are, they are drawn by `seed`. DataError where there are too few ratings.
    """
    if measure is Measure.ORDER:
        return one_out_split(ratings, seed=seed) if ratings.times is None else last_out_split(ratings)
    if ratings.times is None or ratings.times.min() == ratings.times.max():
        return random_split(ratings, test_fraction=_TEST_FRACTION, seed=seed)
    return time_split(ratings, test_fraction=_TEST_FRACTION)


def parts_of(split: Split, *, seed: int) -> list[tuple[float, Split]]:
    """Shares of the users, from small to 1, and the part of `split` that is theirs; smaller ones lie in larger ones."""
    n_parts = 1
    while n_parts < _PARTS_AT_MOST and len(split.train) >= _RATINGS_AT_LEAST * _KEPT**n_parts:
        n_parts += 1
    place = np.random.default_rng(seed).random(len(split.train.users))
    parts = [(_KEPT**-power, _part(split, place < _KEPT**-power)) for power in range(n_parts - 1, 0, -1)]
    return [(share, part) for share, part in parts if part is not None] + [(1.0, split)]


def _part(split: Split, chosen: BoolArray) -> Split | None:
    """What the `chosen` users (n_users,) of the training part gave; None where one side would be empty."""
    train, test = split
    positions = train.users.positions(test.users.ids)
    asked = ((positions >= 0) & chosen[positions])[test.user_positions]
    learnt = chosen[train.user_positions]
    return Split(train.select(learnt), test.select(asked)) if asked.any() and learnt.any() else None


def _kept(trials: Sequence[Trial], validation: Validation, share: float) -> list[int]:
    """The numbers of those that go on, best first; the defaults always do, so that all that is best beats them."""
    ended = [(validation.loss(trial.value), trial.number) for trial in trials if trial.value is not None]
    order = [number for _, number in sorted(ended)]
    if share == 1.0:
        return order
    kept = order[: -(-len(trials) // _KEPT)]
    return kept if 0 in kept or 0 not in order else [*kept, 0]
