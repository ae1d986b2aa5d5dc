"""Ranking accuracy: the rank of each user's last rating, which is held out of the training.

python benchmarks/ranking.py ratings.dat                        # user::movie::rating::time
python benchmarks/ranking.py ratings.dat --without-times        # ignores timestamps
python benchmarks/ranking.py ratings.dat --algorithms ease house

The last rating is the one of the latest second; among several, that of the highest film id, and nothing that is trained
here prefers high ids. It is ranked against 99 films that the user has not rated, drawn evenly, and against all of them.
Each peer is first tried with six settings, of which the one with the best NDCG@10 over all films for the second to last
rating is taken; `house` is not: its weights are learnt from second to last ratings while it is trained.
"""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

import harness
from recommender.algorithms import ALGORITHMS, Setting, make_estimator
from recommender.arrays import Float64Array, Int64Array
from recommender.contract import AnyModel
from recommender.data.ratings import Ratings
from recommender.errors import ConfigError
from recommender.recommendations import recommend

# What each peer is tried with; the films that count are liked ones, or all that were rated.
GRIDS: Mapping[str, Sequence[Mapping[str, Setting]]] = {
    "popularity": [{}],
    "svd": [{}],
    "bayesian": [{}],
    "ease": [{"regularisation": lam, "liked_from": stars} for stars in (0.5, 3.5) for lam in (100.0, 300.0, 1000.0)],
    "als": [
        {"liked_from": stars, "n_factors": k, "alpha": alpha, "regularisation": lam}
        for stars, k, alpha, lam in (
            (0.5, 64, 3.0, 1.0),
            (0.5, 64, 10.0, 1.0),
            (0.5, 128, 3.0, 10.0),
            (0.5, 32, 10.0, 10.0),
            (3.5, 64, 10.0, 1.0),
            (3.5, 32, 40.0, 0.01),
        )
    ],
    "neural-cf": [
        {"liked_from": stars, "n_factors": k, "n_epochs": epochs}
        for stars, k, epochs in (
            (0.5, 64, 20),
            (0.5, 128, 20),
            (0.5, 64, 40),
            (3.5, 64, 20),
            (3.5, 128, 20),
            (0.5, 32, 20),
        )
    ],
    "house": [{}],
}
LENGTH, N_NEGATIVES = 10, 99


class LastOut(NamedTuple):
    """`train`; `users`, `last`: (m,) ids of users and held-out films; `negatives`: (m, 99) ids of unrated films."""

    train: Ratings
    users: Int64Array
    last: Int64Array
    negatives: Int64Array


def main() -> None:
    parser = harness.parser(__doc__, without_times=False, seed=0)
    parser.add_argument("ratings", type=Path)
    parser.add_argument("--algorithms", nargs="+", default=[name for name in GRIDS if name in ALGORITHMS])
    options = parser.parse_args()
    columns = np.loadtxt(options.ratings, delimiter=":", usecols=(0, 2, 4, 6), dtype=np.int64)
    task = last_out(Ratings.from_arrays(*columns.T), seed=options.seed)
    trained = task._replace(train=replace(task.train, times=None)) if options.without_times else task
    print(f"{task.users.size:,} users; {len(task.train):,} ratings to learn from, {len(task.train.items):,} films")
    print(f"{'':<12}{'99: HR@10':>10}{'NDCG@10':>9}{'all: HR@10':>12}{'NDCG@10':>9}{'seconds':>9}")
    for name in options.algorithms:
        report(name, trained if name == "house" else task)


def report(name: str, task: LastOut) -> None:
    try:
        settings = chosen_settings(name, task)
    except ConfigError as error:
        print(f"{name:<12}{error}")
        return
    started = time.perf_counter()
    model = make_estimator(name, settings, seed=0).fit(task.train)
    seconds = time.perf_counter() - started
    sampled, full = find_sampled_ranks(model, task), full_ranks(model, task)
    figures = (*hits_and_ndcg(sampled), *hits_and_ndcg(full))
    print(
        "{:<12}{:>10.4f}{:>9.4f}{:>12.4f}{:>9.4f}{:>9.1f}".format(name, *figures, seconds), settings or "", flush=True
    )


def chosen_settings(name: str, task: LastOut) -> Mapping[str, Setting]:
    """The best of the grid by the second to last ratings, the last ones being out of reach."""
    grid = GRIDS.get(name, [{}])
    if len(grid) == 1:
        return grid[0]
    inner = last_out(task.train, seed=0)
    scores = []
    for settings in grid:
        model = make_estimator(name, settings, seed=0).fit(inner.train)
        scores.append(hits_and_ndcg(full_ranks(model, inner))[1])
        print(f"  {name} {settings}: NDCG@10 {scores[-1]:.4f} on the second to last", file=sys.stderr)
    return grid[int(np.argmax(scores))]


def last_out(ratings: Ratings, *, seed: int) -> LastOut:
    """Keep everybody's last rating."""
    assert ratings.times is not None
    order = np.lexsort((ratings.item_positions, ratings.times, ratings.user_positions))
    ends = ratings.by_user().indptr[1:] - 1
    is_last = np.zeros(len(ratings), dtype=np.bool_)
    is_last[order[ends]] = True
    random, rated = np.random.default_rng(seed), ratings.by_user()
    negatives = np.empty((len(ratings.users), N_NEGATIVES), dtype=np.int64)
    for user in range(len(ratings.users)):
        own = rated.indices[rated.indptr[user] : rated.indptr[user + 1]]
        unrated = np.setdiff1d(np.arange(len(ratings.items)), own)
        negatives[user] = ratings.items.ids[random.choice(unrated, N_NEGATIVES, replace=False)]
    return LastOut(ratings.select(~is_last), ratings.user_ids[is_last], ratings.item_ids[is_last], negatives)


def find_sampled_ranks(model: AnyModel, task: LastOut) -> Int64Array:
    """How many of the 99 rank before what is looked for, ties and what is unknown to the model counting against it."""
    candidates = np.column_stack([task.last, task.negatives])
    users = np.repeat(task.users, candidates.shape[1])
    scores = model.score(users, candidates.ravel()).reshape(candidates.shape)
    before = (np.nan_to_num(scores[:, 1:], nan=-np.inf) >= scores[:, :1]).sum(axis=1)
    return np.where(np.isnan(scores[:, 0]), N_NEGATIVES, before)


def full_ranks(model: AnyModel, task: LastOut) -> Int64Array:
    """The place of what is looked for among the ten best, from 0; 10 where it is none of them."""
    rated = task.train.by_user().take(task.train.users.positions(task.users))
    top = recommend(model, task.users, LENGTH, exclude=rated).item_ids
    found = top == task.last[:, None]
    return np.where(found.any(axis=1), found.argmax(axis=1), LENGTH)


def hits_and_ndcg(ranks: Int64Array) -> tuple[float, float]:
    hit = ranks < LENGTH
    gains: Float64Array = np.where(hit, 1 / np.log2(ranks + 2.0), 0.0)
    return float(hit.mean()), float(gains.mean())


if __name__ == "__main__":
    main()
