"""The hyper-parameters of `neuralcf`."""

from dataclasses import dataclass

from recommender.config import (
    DEVICES,
    Config,
    choice,
    count,
    fraction,
    positive,
    random_seed,
    star_threshold,
)
from recommender.search_space import LIKED_FROM, Floats, Ints


@dataclass(frozen=True)
class NeuralCFConfig(Config):
    """Hyper-parameters; ConfigError for a value outside its range.

    `n_candidates`: the number of nearest items that the towers re-rank; `n_factors`: length of the vectors and of the
    towers' outputs; `n_hidden`: width of a tower; `n_sampled`: items that an interaction is compared with;
    `batch_users`: users in a step; `dropout`: share of the vectors left out in training; `item2vec_factors`,
    `item2vec_epochs`: of the first stage; `liked_from`: stars from which a rating is positive; `device`: "cpu", "cuda",
    or "auto".
    """

    n_candidates: int = count(500)
    n_factors: int = count(64, search=Ints(16, 128, log=True))
    n_hidden: int = count(128, search=Ints(32, 256, log=True))
    n_epochs: int = count(20, search=Ints(5, 40, log=True))
    n_sampled: int = count(2048)
    batch_users: int = count(128)
    learning_rate: float = positive(0.003, search=Floats(0.0005, 0.01, log=True))
    dropout: float = fraction(0.3, search=Floats(0.0, 0.6))
    item2vec_factors: int = count(32, search=Ints(8, 64, log=True))
    item2vec_epochs: int = count(10)
    liked_from: float = star_threshold(3.5, search=LIKED_FROM)
    device: str = choice("auto", DEVICES)
    seed: int = random_seed()
