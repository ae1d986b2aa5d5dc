"""Compares als with the library alone: the same interactions, settings and cores, in alternating runs.

    python benchmarks/als.py --ratings ratings.csv
    python benchmarks/als.py --factors 64 --repeats 9

Both start with the ratings in memory and end with factors. The time of the library includes building the interaction
matrix. als also fits the biases for its stars, and it limits BLAS to one thread while the threads of the library work;
`library, BLAS held` does that for the library, too.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
from implicit.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

import harness
from recommender.data.ratings import Ratings
from recommender.factors.als import ALS, ALSConfig


def main() -> None:
    options = harness.parser(
        __doc__, ratings=(Path, "a CSV; without it, 900,000 random ratings"), factors=32, repeats=7
    ).parse_args()
    ratings = harness.read_ratings(options.ratings)
    config = ALSConfig(n_factors=options.factors, device="cpu")
    rivals: dict[str, Callable[[], object]] = {
        "als": lambda: ALS(config).fit(ratings),
        "library": lambda: library_fit(ratings, config, nullcontext()),
        "library, BLAS held": lambda: library_fit(ratings, config, threadpool_limits(1, user_api="blas")),
    }
    seconds: dict[str, list[float]] = {name: [] for name in rivals}
    for fit in rivals.values():
        fit()
    for _ in range(options.repeats):
        for name, fit in rivals.items():
            started = time.perf_counter()
            fit()
            seconds[name].append(time.perf_counter() - started)
    print(f"{len(ratings):,} ratings, k = {config.n_factors}, {config.n_epochs} alternations, on the CPU")
    ours = float(np.median(seconds["als"]))
    for name, runs in seconds.items():
        print(f"{name:<20}{np.median(runs):8.3f} s   als takes {ours / np.median(runs):5.2f} times as long")


def library_fit(ratings: Ratings, config: ALSConfig, limits: AbstractContextManager[object]) -> object:
    liked = ratings.values >= config.liked_from
    entries = (ratings.user_positions[liked], ratings.item_positions[liked])
    confident = np.full(entries[0].size, config.alpha, dtype=np.float32)
    matrix = csr_matrix((confident, entries), shape=(len(ratings.users), len(ratings.items)))
    model = AlternatingLeastSquares(
        factors=config.n_factors,
        regularization=config.regularisation,
        iterations=config.n_epochs,
        random_state=config.seed,
        use_gpu=False,
    )
    with limits:
        model.fit(matrix, show_progress=False)
    return model


if __name__ == "__main__":
    main()
