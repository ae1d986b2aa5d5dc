"""How much faster blocked scoring is than a loop over `surprise.SVD.predict`, measured in one run.

    python benchmarks/score_users.py            # 50,000 users, 9,000 items, 100 factors, 250 suggestions each
    python benchmarks/score_users.py --quick    # a twentieth of the users

Factors are random, of the size that training gives; the excluded ratings are random, too, about 100 per user.
"""

import argparse
import resource
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from recommender.data.ratings import Ratings
from recommender.data.rows import Rows
from recommender.data.vocabulary import Vocabulary
from recommender.factors.foldin import FoldInPenalty
from recommender.factors.model import FactorModel
from recommender.scoring import top_n


def main() -> None:
    options = parse()
    rng = np.random.default_rng(options.seed)
    model = random_model(rng, options)
    exclude = random_ratings(rng, options)
    users = np.arange(options.users)
    for _ in top_n(model, users[:64], n=options.top, exclude=exclude.slice(0, 64)):
        pass  # Compiles the kernels, or loads them from their cache, outside the timing.
    best = min(scoring_seconds(model, users, exclude, options) for _ in range(options.repeat))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    fast = options.users * options.items / best
    slow = surprise_pairs_per_second(model, options.loop_pairs)
    print(f"users x items x factors, top  {options.users} x {options.items} x {options.factors}, {options.top}")
    print(f"blocked scoring               {best:.2f} s, {fast:,.0f} pairs/s (best of {options.repeat})")
    print(f"surprise.SVD.predict loop     {slow:,.0f} pairs/s over {options.loop_pairs} pairs")
    print(f"ratio                         {fast / slow:,.0f}")
    print(f"peak memory                   {peak:.2f} GiB, before surprise was imported")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=50_000)
    parser.add_argument("--items", type=int, default=9_000)
    parser.add_argument("--factors", type=int, default=100)
    parser.add_argument("--top", type=int, default=250)
    parser.add_argument("--ratings-per-user", type=int, default=100)
    parser.add_argument("--block-users", type=int, default=None)
    parser.add_argument("--block-items", type=int, default=None)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--loop-pairs", type=int, default=200_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="a twentieth of the users, a tenth of the loop")
    options = parser.parse_args()
    if options.quick:
        options.users, options.loop_pairs = options.users // 20, options.loop_pairs // 10
    return options


def random_model(rng: np.random.Generator, options: argparse.Namespace) -> FactorModel:
    def normal(*shape: int, scale: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return rng.standard_normal(shape, dtype=np.float32) * np.float32(scale)

    return FactorModel(
        users=Vocabulary(np.arange(1, options.users + 1)),
        items=Vocabulary(np.arange(1, options.items + 1)),
        global_mean=3.5,
        user_biases=normal(options.users, scale=0.4),
        item_biases=normal(options.items, scale=0.4),
        user_factors=normal(options.users, options.factors, scale=0.12),
        item_factors=normal(options.items, options.factors, scale=0.12),
        fold_in_penalty=FoldInPenalty(constant=10.0, per_rating=0.02),
    )


def random_ratings(rng: np.random.Generator, options: argparse.Namespace) -> Rows:
    count = min(options.ratings_per_user, options.items // 2)
    rows = np.repeat(np.arange(options.users), count)
    # The square crowds the ratings onto the first items, as popularity does.
    items = (rng.random(rows.size) ** 2 * options.items).astype(np.int64)
    return Rows.of_pairs(rows, items, n_rows=options.users)


def scoring_seconds(model: FactorModel, users: np.ndarray, exclude: Rows, options: argparse.Namespace) -> float:
    blocks = {name: getattr(options, name) for name in ("block_users", "block_items") if getattr(options, name)}
    started = time.perf_counter()
    suggested = 0
    for block in top_n(model, users, n=options.top, exclude=exclude, n_threads=options.threads, **blocks):
        suggested += int(np.count_nonzero(block.items >= 0))
    assert suggested == options.users * min(options.top, options.items), "every user must get a full list"
    return time.perf_counter() - started


def surprise_pairs_per_second(model: FactorModel, n_pairs: int) -> float:
    """The rate of `SVD.predict` on the same factors, given to the library as if it had trained them."""
    import surprise  # noqa: PLC0415 - after the measurement of memory.

    from recommender.factors.surprise import ArrayTrainset  # noqa: PLC0415

    n = max(len(model.users), len(model.items))
    every = Ratings.from_arrays(
        np.resize(model.users.ids, n), np.resize(model.items.ids, n), np.full(n, 3.5, dtype=np.float32)
    )
    algorithm = surprise.SVD(n_factors=model.n_factors)
    algorithm.trainset = ArrayTrainset(every)
    algorithm.bu, algorithm.bi = model.user_biases.astype(float), model.item_biases.astype(float)
    algorithm.pu, algorithm.qi = model.user_factors.astype(float), model.item_factors.astype(float)
    users = np.random.default_rng(1).choice(model.users.ids, n_pairs).tolist()
    items = np.random.default_rng(2).choice(model.items.ids, n_pairs).tolist()
    algorithm.predict(users[0], items[0])
    started = time.perf_counter()
    for user, item in zip(users, items, strict=True):
        algorithm.predict(user, item)
    return n_pairs / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
