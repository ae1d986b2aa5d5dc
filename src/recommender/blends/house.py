"""Training of `house`, the product's own blend: weights and intervals are learnt from held-out ratings.

A trial training holds out the last rating of many users, to learn the weights of the ranking features, and some random
ratings, to measure the errors of predictions. The final training uses all ratings.
"""

from dataclasses import dataclass, replace

from recommender.blends.calibration import USUAL_INTERVALS, USUAL_WEIGHTS, Calibration, HeldOut, compute_squared_errors
from recommender.blends.histories import HistoryRule
from recommender.blends.house_model import HouseModel
from recommender.blends.intervals import IntervalTable, spreads
from recommender.blends.ranking import RankingWeights, RelationsConfig, item_relations
from recommender.config import Config, checked, count, positive, random_seed, same_as, star_threshold, thread_count
from recommender.contract import OnEpoch
from recommender.data.ratings import Ratings
from recommender.epochs import JoinedEpochs
from recommender.factors.bayesian import Bayesian, BayesianConfig
from recommender.factors.bayesian_model import BayesianModel
from recommender.search_space import Choices, Floats, Ints

_LEAST_RATINGS = 40


@dataclass(frozen=True)
class HouseConfig(Config):
    """Hyper-parameters; ConfigError for a value outside its range.

    `n_factors`, `n_sweeps`, `n_burn_in`, `n_chains`, `n_components`, `n_threads`: of the Bayesian factorisation (see
    `BayesianConfig`); `n_trial_sweeps`: its sweeps in the trial, a third of them burn-in; `n_core`: the largest
    number of items with associations and transitions, which are the most rated ones with at least five ratings and
    take 8 · n_core² bytes in the model and time in proportion to n_core³; `regularisation`: λ of the associations;
    `liked_from`: stars from which a rating is positive; `window`: how many of the latest ratings count as recent;
    `held_out`: share of the ratings for the intervals (see `HeldOut.of`); `n_choices`: the largest number of users
    whose last ratings determine the weights.
    """

    n_factors: int = count(32, search=Ints(16, 64, log=True))
    n_sweeps: int = same_as(BayesianConfig, "n_sweeps")
    n_burn_in: int = same_as(BayesianConfig, "n_burn_in")
    n_chains: int = same_as(BayesianConfig, "n_chains")
    n_components: int = count(64)
    n_trial_sweeps: int = count(36)
    n_core: int = count(6000)
    regularisation: float = positive(500.0, search=Floats(50.0, 5000.0, log=True))
    liked_from: float = star_threshold(3.0, search=Choices((0.5, 2.5, 3.0, 3.5)))
    window: int = count(20, search=Ints(5, 60, log=True))
    held_out: float = checked(0.05, lambda value: 0 < value < 1, "between 0 and 1, both excluded")
    n_choices: int = count(2000)
    n_threads: int | None = thread_count()
    seed: int = random_seed()

    def __post_init__(self) -> None:
        super().__post_init__()
        self.factorisation()

    def factorisation(self) -> BayesianConfig:
        """Return the configuration of the factorisation of all ratings."""
        return self.part(BayesianConfig)

    def rule(self) -> HistoryRule:
        """Return the rule that decides which ratings are positive and which are recent."""
        return HistoryRule(liked_from=self.liked_from, window=self.window)

    def relations(self) -> RelationsConfig:
        """Return the configuration of the relations of items."""
        return RelationsConfig(self.n_core, self.regularisation, self.window)

    def trial(self) -> BayesianConfig:
        """Return the configuration of the factorisation in the trial: with fewer sweeps."""
        return replace(self.factorisation(), n_sweeps=self.n_trial_sweeps, n_burn_in=self.n_trial_sweeps // 3)


@dataclass(frozen=True)
class House:
    """The estimator: `House(config).fit(ratings)` returns a `HouseModel`."""

    config: HouseConfig = HouseConfig()

    def fit(self, ratings: Ratings, on_epoch: OnEpoch | None = None) -> HouseModel:
        """Train on all `ratings` and, if known, their times; an epoch is a sweep of the factorisation.

        A true result of `on_epoch` ends the present sampling, the trial's or the final one. With fewer than 40 ratings
        there is no trial: the weights have default values, and most intervals reach 1.3 stars each way.
        """
        config = self.config
        tried = len(ratings) >= _LEAST_RATINGS
        total = config.n_sweeps + (config.n_trial_sweeps if tried else 0)
        progress = JoinedEpochs(total, on_epoch)
        weights, intervals = self._calibrate(ratings, progress) if tried else (USUAL_WEIGHTS, USUAL_INTERVALS)
        relations = item_relations(ratings, config.relations())
        histories = config.rule().histories(ratings.by_user(), ratings.values, ratings.times)

        def blend(stars: BayesianModel) -> HouseModel:
            errors = compute_squared_errors(stars, ratings)
            return HouseModel.of(
                stars,
                relations=relations,
                weights=weights,
                histories=histories,
                spreads=spreads(errors, ratings.by_user()),
                intervals=replace(intervals, variance=float(errors.mean())),
                rule=config.rule(),
            )

        return blend(Bayesian(config.factorisation()).fit(ratings, progress.next_part(blend)))

    def _calibrate(self, ratings: Ratings, progress: JoinedEpochs) -> tuple[RankingWeights, IntervalTable]:
        """Return the weights and intervals from a trial training, whose model is not kept."""
        config = self.config
        held_out = HeldOut.of(ratings, fraction=config.held_out, seed=config.seed)
        known = ratings.select(~(held_out.last | held_out.random))
        trial = Calibration(
            ratings=ratings,
            held_out=held_out,
            known=known,
            stars=Bayesian(config.trial()).fit(known, progress.next_part()),
            relations=item_relations(known, config.relations()),
            histories=config.rule().histories(known.by_user(), known.values, known.times),
            liked_from=config.liked_from,
        )
        return trial.weights(n_choices=config.n_choices), trial.intervals()
