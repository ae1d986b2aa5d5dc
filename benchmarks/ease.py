"""Training time of EASE, compared with the formula of the paper in NumPy, on the same interactions.

    python benchmarks/ease.py --ratings ratings.csv

`formula` inverts a dense float64 matrix by `numpy.linalg.inv`; ours uses that the matrix is symmetric and positive
definite, and also fits the biases that its stars come from. The largest difference of the weights is printed, too.
"""

import time
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

import harness
from recommender.arrays import Float64Array
from recommender.data.ratings import Ratings
from recommender.items.ease import EASE, EASEConfig, EASEModel


def main() -> None:
    options = harness.parser(
        __doc__, ratings=(Path, "a CSV; without it, 900,000 random ratings"), liked_from=3.5, repeats=5
    ).parse_args()
    ratings = harness.read_ratings(options.ratings)
    config = EASEConfig(liked_from=options.liked_from)
    seconds: list[tuple[float, float]] = []
    difference = 0.0
    for _ in range(options.repeats):
        started = time.perf_counter()
        model = EASE(config).fit(ratings)
        between = time.perf_counter()
        weights = formula(ratings, config)
        seconds.append((between - started, time.perf_counter() - between))
        difference = largest_difference(model, weights)
    ours, theirs = np.median(seconds, axis=0)
    print(f"{len(ratings):,} ratings, {len(ratings.items):,} items, liked from {config.liked_from} stars")
    print(f"ease      {ours:7.2f} s")
    print(f"formula   {theirs:7.2f} s   {theirs / ours:.1f} times as long; weights differ by {difference:.1e} at most")


def formula(ratings: Ratings, config: EASEConfig) -> Float64Array:
    liked = ratings.values >= config.liked_from
    entries = (ratings.user_positions[liked], ratings.item_positions[liked])
    matrix = csr_matrix((np.ones(entries[0].size), entries), shape=(len(ratings.users), len(ratings.items)))
    gram = (matrix.T @ matrix).toarray()
    inverse: Float64Array = np.linalg.inv(gram + config.regularisation * np.eye(len(gram)))
    weights: Float64Array = inverse / -np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return weights


def largest_difference(model: EASEModel, weights: Float64Array) -> float:
    return float(np.abs(model.weights - weights[np.ix_(model.weighted, model.weighted)]).max())


if __name__ == "__main__":
    main()
