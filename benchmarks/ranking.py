"""How well the next film is ranked: each user's last rating is kept from training and looked for in their ranking.

python benchmarks/ranking.py ratings.dat                        # user::movie::rating::time
python benchmarks/ranking.py ratings.dat --without-times        # as if nobody knew what came when
python benchmarks/ranking.py ratings.dat --algorithms ease house

The last rating is the one of the latest second; among several, that of the highest film id, and nothing that is trained
here prefers high ids. It is ranked against 99 films that the user has not rated, drawn evenly, and against all of them.
The settings of the peers were chosen on the second to last rating, as those of `house` were.
"""

import argparse
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from recommender.algorithms import ALGORITHMS, Setting, algorithm_estimator
from recommender.arrays import Float64Array, Int64Array
from recommender.contract import AnyModel
from recommender.data.ratings import Ratings
from recommender.errors import ConfigError

PEERS: Mapping[str, Mapping[str, Setting]] = {
    "popularity": {},
    "svd": {},
    "bayesian": {},
    "ease": {},
    "als": {},
    "neural-cf": {},
    "house": {},
}
LENGTH, N_NEGATIVES = 10, 99


class LastOut(NamedTuple):
    """`train`; `users`, `last`: (m,) ids, who and what is looked for; `negatives`: (m, 99) ids nobody of them rated."""

    train: Ratings
    users: Int64Array
    last: Int64Array
    negatives: Int64Array


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ratings", type=Path)
    parser.add_argument("--without-times", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--algorithms", nargs="+", default=[name for name in PEERS if name in ALGORITHMS])
    options = parser.parse_args()
    columns = np.loadtxt(options.ratings, delimiter=":", usecols=(0, 2, 4, 6), dtype=np.int64)
    task = last_out(Ratings.from_arrays(*columns.T), seed=options.seed)
    if options.without_times:
        task = task._replace(train=replace(task.train, times=None))
    print(f"{task.users.size:,} users; {len(task.train):,} ratings to learn from, {len(task.train.items):,} films")
    print(f"{'':<12}{'99: HR@10':>10}{'NDCG@10':>9}{'all: HR@10':>12}{'NDCG@10':>9}{'seconds':>9}")
    for name in options.algorithms:
        report(name, task)


def report(name: str, task: LastOut) -> None:
    started = time.perf_counter()
    try:
        model = algorithm_estimator(name, PEERS.get(name, {}), seed=0).fit(task.train)
    except ConfigError as error:
        print(f"{name:<12}{error}")
        return
    seconds = time.perf_counter() - started
    sampled, full = sampled_ranks(model, task), full_ranks(model, task)
    figures = (*hits_and_ndcg(sampled), *hits_and_ndcg(full))
    print("{:<12}{:>10.4f}{:>9.4f}{:>12.4f}{:>9.4f}{:>9.1f}".format(name, *figures, seconds), flush=True)


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


def sampled_ranks(model: AnyModel, task: LastOut) -> Int64Array:
    """How many of the 99 rank before what is looked for, ties and what is unknown to the model counting against it."""
    candidates = np.column_stack([task.last, task.negatives])
    users = np.repeat(task.users, candidates.shape[1])
    scores = model.score(users, candidates.ravel()).reshape(candidates.shape)
    before = (np.nan_to_num(scores[:, 1:], nan=-np.inf) >= scores[:, :1]).sum(axis=1)
    return np.where(np.isnan(scores[:, 0]), N_NEGATIVES, before)


def full_ranks(model: AnyModel, task: LastOut) -> Int64Array:
    """The place of what is looked for among the ten best, from 0; 10 where it is none of them."""
    rated = task.train.by_user().take(task.train.users.positions(task.users))
    top = model.recommend(task.users, LENGTH, exclude=rated).item_ids
    found = top == task.last[:, None]
    return np.where(found.any(axis=1), found.argmax(axis=1), LENGTH)


def hits_and_ndcg(ranks: Int64Array) -> tuple[float, float]:
    hit = ranks < LENGTH
    gains: Float64Array = np.where(hit, 1 / np.log2(ranks + 2.0), 0.0)
    return float(hit.mean()), float(gains.mean())


if __name__ == "__main__":
    main()
