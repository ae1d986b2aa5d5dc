"""Speed of the lists of `house`: in blocks on threads, and one user at a time.

    python benchmarks/score_house.py                   # 30,000 users, 9,000 films, lists of 100
    python benchmarks/score_house.py --quick           # a tenth of the users

A model of random numbers in the sizes that training gives: 40 factors, relations among the 5,000 most rated films, 60
liked films per user of which the latest ten count as recent. Most of the work is adding up rows of relations, of 20 kB
each, of all positive interactions of a user.
"""

import argparse
import time
from collections import deque

import numpy as np

import harness
from recommender.arrays import Float32Array
from recommender.blends.histories import Histories, HistoryRule
from recommender.blends.house_model import HouseModel
from recommender.blends.intervals import IntervalTable
from recommender.blends.ranking import ItemRelations, RankingWeights
from recommender.data.rows import Rows
from recommender.data.vocabulary import Vocabulary
from recommender.factors.bayesian_model import BayesianModel
from recommender.factors.foldin import FoldInPenalty
from recommender.recommendations import recommend_batches
from score_users import peak_megabytes, peak_reset

ONE_BY_ONE = 200


def main() -> None:
    options = parse()
    model = random_house(options)
    everybody, exclude = np.arange(options.users), model.histories.liked
    deque(recommend_batches(model, everybody[:128], n=options.top, exclude=exclude.slice(0, 128)), maxlen=0)
    resident = peak_reset()
    began = time.perf_counter()
    lists = np.concatenate([b.items for b in recommend_batches(model, everybody, n=options.top, exclude=exclude)])
    seconds = time.perf_counter() - began
    memory = peak_megabytes() - resident
    began = time.perf_counter()
    few = range(min(ONE_BY_ONE, options.users))
    for user in few:
        (block,) = recommend_batches(
            model, [model.user_state(user)], n=options.top, exclude=exclude.slice(user, user + 1)
        )
        # Sums of floats in another order may swap neighbours at the end of a list.
        if len(set(block.items[0]) ^ set(lists[user])) > 2:
            raise SystemExit(f"User {user} has another list when asked alone.")
    alone = (time.perf_counter() - began) / len(few)
    print(f"users x items, core, top   {options.users} x {options.items}, {options.core}, {options.top}")
    print(f"by blocks                  {seconds:.1f} s, {options.users / seconds:,.0f} users/s")
    print(
        f"one person at a time       {1 / alone:,.0f} users/s; blocks are {alone * options.users / seconds:.0f} times"
    )
    print(f"memory beyond the model    {memory:.0f} MB, lists included")


def parse() -> argparse.Namespace:
    options: argparse.Namespace = harness.parser(
        __doc__,
        users=30_000,
        items=9_000,
        factors=40,
        core=5_000,
        liked=60,
        top=100,
        quick="a tenth of the users",
    ).parse_args()
    if options.quick:
        options.users //= 10
    return options


def random_house(options: argparse.Namespace) -> HouseModel:
    rng = np.random.default_rng(0)

    def normal(*shape: int) -> Float32Array:
        return rng.standard_normal(shape, dtype=np.float32) * np.float32(0.2)

    users, items = Vocabulary(np.arange(options.users)), Vocabulary(np.arange(options.items))
    stars = BayesianModel(
        users=users,
        items=items,
        global_mean=3.5,
        user_biases=normal(options.users),
        item_biases=normal(options.items),
        user_factors=normal(options.users, options.factors),
        item_factors=normal(options.items, options.factors),
        fold_in_penalty=FoldInPenalty(constant=0.7, per_rating=0.0),
        implicit_factors=normal(options.items, options.factors),
        prior_mean=normal(options.factors),
        mean_factors=normal(options.factors),
    )
    relations = ItemRelations(
        core=np.arange(options.core, dtype=np.int32),
        associations=rng.random((options.core, options.core), dtype=np.float32) / options.liked,
        transitions=rng.random((options.core, options.core), dtype=np.float32),
        popularity=np.sort(rng.random(options.items, dtype=np.float32) * 10)[::-1].copy(),
    )
    return HouseModel(
        users=users,
        items=items,
        stars=stars,
        relations=relations,
        weights=RankingWeights((0.5, 1.0, 0.1, 0.5), (0.0, 1.0, 0.1, 0.5), 0.1),
        histories=random_histories(rng, options),
        spreads=np.ones(options.users, dtype=np.float32),
        intervals=IntervalTable((3.0,), (-1.0,), (1.0,), 0.7),
        rule=HistoryRule(3.5, 10),
    )


def random_histories(rng: np.random.Generator, options: argparse.Namespace) -> Histories:
    liked = (rng.random(options.users * options.liked) ** 2 * options.items).astype(np.int64)
    rows = Rows.of_pairs(np.repeat(np.arange(options.users), options.liked), liked, n_rows=options.users)
    places = np.arange(rows.indices.size) - np.repeat(rows.indptr[:-1], np.diff(rows.indptr))
    return Histories(rows, np.where(places < 10, 1 / (1 + places), 0).astype(np.float32))


if __name__ == "__main__":
    main()
