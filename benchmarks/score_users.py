"""Speed of blocked scoring, compared with the limit of the hardware and with other libraries.

    python benchmarks/score_users.py            # 50,000 users, 9,000 items, 100 factors, 250 suggestions each
    python benchmarks/score_users.py --quick    # a twentieth of the users
    python benchmarks/score_users.py --full     # 270,896 users, 45,000 items, 100 suggestions each
    python benchmarks/score_users.py --factors-of MODEL   # factors of a trained model instead of random ones

The bound is the rate of sgemm alone, NumPy's BLAS: the faster of the same tiles on as many threads, into one buffer
each, and of BLAS's own threads on a thousand users at once. The others are the `topk` of the library `implicit`, which
leaves the same ratings out but adds no biases, and a loop over `surprise.SVD.predict`. All take turns.

Random factors are of the size that training gives; the excluded ratings are random, too, about 100 per user. The last
lines tell how many pairs bounds by norms would spare: those whose bias plus |p||q| is below what the worst listed item
has; the same where the first dimensions are multiplied and the norms bound the rest.
"""

import argparse
import os
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

import harness
from recommender.arrays import Float32Array
from recommender.data.rows import Rows
from recommender.data.vocabulary import Vocabulary
from recommender.factors.batch_topk import batch_topk
from recommender.factors.foldin import FoldInPenalty
from recommender.factors.model import FactorModel
from recommender.persistence import read_model

BLAS_USERS = 1024
BOUNDED_USERS = 400


def main() -> None:
    options = parse()
    rng = np.random.default_rng(options.seed)
    model = read_model(FactorModel, options.factors_of) if options.factors_of else random_model(rng, options)
    options.users, options.items, options.factors = len(model.users), len(model.items), model.n_factors
    exclude = random_ratings(rng, options)
    for _ in batch_topk(model, np.arange(64), n=options.top, exclude=exclude.slice(0, 64)):
        pass  # Compiles the kernels, or loads them from their cache, outside the timing.
    ours, sgemm, theirs, memory = [], [], [], 0.0
    for _ in range(options.repeat):
        sgemm.append(max(rate(time_tiled_products, model, options), rate(blas_products, model, options)))
        theirs.append(implicit_rate(model, exclude, options))
        resident = peak_reset()
        ours.append(options.users * options.items / scoring_seconds(model, exclude, options))
        memory = max(memory, peak_megabytes() - resident)
    loop = surprise_pairs_per_second(model, options.loop_pairs)
    fast, bound, library = (float(np.median(rates)) for rates in (ours, sgemm, theirs))
    print(f"users x items x factors, top  {options.users} x {options.items} x {options.factors}, {options.top}")
    print(f"blocked scoring               {options.users * options.items / fast:.2f} s, {fast:,.0f} pairs/s")
    print(f"sgemm alone                   {bound:,.0f} pairs/s, {2e-9 * bound * options.factors:.0f} GFLOP/s")
    print(f"  of which scoring reaches    {fast / bound:.0%}")
    print(f"implicit's topk               {library:,.0f} pairs/s; scoring is {fast / library:.1f} times as fast")
    print(f"surprise.SVD.predict loop     {loop:,.0f} pairs/s; scoring is {fast / loop:,.0f} times as fast")
    print(f"memory beyond the arrays      {memory:.0f} MB (medians of {options.repeat}, {options.threads} threads)")
    bounds_print(model, options)


def parse() -> argparse.Namespace:
    options: argparse.Namespace = harness.parser(
        __doc__,
        users=50_000,
        items=9_000,
        factors=100,
        top=250,
        ratings_per_user=100,
        block_users=1024,
        block_items=512,
        threads=len(os.sched_getaffinity(0)),
        others_users=(8192, "users that sgemm and implicit score in each turn"),
        loop_pairs=200_000,
        repeat=3,
        seed=0,
        full=(False, "the size of The Movies Dataset"),
        factors_of=(Path, "the folder of a trained factor model"),
        quick="a twentieth of the users, a tenth of the loop",
    ).parse_args()
    if options.full:
        options.users, options.items, options.top = 270_896, 45_000, 100
    if options.quick:
        options.users, options.loop_pairs = options.users // 20, options.loop_pairs // 10
    return options


def random_model(rng: np.random.Generator, options: argparse.Namespace) -> FactorModel:
    def normal(*shape: int, scale: float) -> Float32Array:
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
    """Rows of at most so many items; drawn by blocks of users, so that little memory is needed besides."""
    count = min(options.ratings_per_user, options.items // 2)
    parts = []
    for first in range(0, options.users, BLAS_USERS):
        n_users = min(BLAS_USERS, options.users - first)
        # The square crowds the ratings onto the first items, as popularity does.
        items = (rng.random(n_users * count) ** 2 * options.items).astype(np.int64)
        parts.append(Rows.of_pairs(np.repeat(np.arange(n_users), count), items, n_rows=n_users))
    lengths = np.concatenate([np.diff(part.indptr) for part in parts])
    return Rows(np.concatenate([[0], np.cumsum(lengths)]), np.concatenate([part.indices for part in parts]))


def scoring_seconds(model: FactorModel, exclude: Rows, options: argparse.Namespace) -> float:
    started = time.perf_counter()
    suggested = 0
    for block in batch_topk(
        model,
        np.arange(options.users),
        n=options.top,
        exclude=exclude,
        block_users=options.block_users,
        block_items=options.block_items,
        n_threads=options.threads,
    ):
        suggested += int(np.count_nonzero(block.items >= 0))
    seconds = time.perf_counter() - started
    if suggested != options.users * min(options.top, options.items):
        raise SystemExit("Not every user got a full list: choose fewer ratings per user.")
    return seconds


def rate(
    products: Callable[[FactorModel, int, argparse.Namespace], None], model: FactorModel, options: argparse.Namespace
) -> float:
    """Pairs per second of a way to make all products of some users, in turns of those."""
    n_users: int = min(options.others_users, options.users)
    started = time.perf_counter()
    products(model, n_users, options)
    return n_users * int(options.items) / (time.perf_counter() - started)


def time_tiled_products(model: FactorModel, n_users: int, options: argparse.Namespace) -> None:
    def block(start: int) -> None:
        factors = model.user_factors[start : min(start + options.block_users, n_users)]
        buffer = np.empty(len(factors) * options.block_items, dtype=np.float32)
        for first in range(0, options.items, options.block_items):
            tile = model.item_factors[first : first + options.block_items]
            np.matmul(factors, tile.T, out=buffer[: len(factors) * len(tile)].reshape(len(factors), len(tile)))

    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(options.threads) as pool:
        deque(pool.map(block, range(0, n_users, options.block_users)), maxlen=0)


def blas_products(model: FactorModel, n_users: int, options: argparse.Namespace) -> None:
    buffer = np.empty((min(BLAS_USERS, n_users), options.items), dtype=np.float32)
    with threadpool_limits(options.threads, user_api="blas"):
        for start in range(0, n_users, len(buffer)):
            factors = model.user_factors[start : min(start + len(buffer), n_users)]
            np.matmul(factors, model.item_factors.T, out=buffer[: len(factors)])


def implicit_rate(model: FactorModel, exclude: Rows, options: argparse.Namespace) -> float:
    """Pairs per second of the library's own search for the best items, BLAS held to one thread in each of its own."""
    from implicit.cpu.topk import topk  # noqa: PLC0415 - after the measurement of memory.
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - the same.

    n_users: int = min(options.others_users, options.users)
    rows = exclude.slice(0, n_users)
    ones = np.ones(rows.indices.size, dtype=np.float32)
    rated = csr_matrix((ones, rows.indices, rows.indptr), shape=(n_users, options.items))
    factors = np.ascontiguousarray(model.user_factors[:n_users])
    started = time.perf_counter()
    with threadpool_limits(1, user_api="blas"):
        topk(model.item_factors, factors, options.top, filter_query_items=rated, num_threads=options.threads)
    return n_users * int(options.items) / (time.perf_counter() - started)


def bounds_print(model: FactorModel, options: argparse.Namespace) -> None:
    chosen = np.random.default_rng(3).choice(options.users, min(BOUNDED_USERS, options.users), replace=False)
    users, items, biases = model.user_factors[chosen], model.item_factors, model.item_biases
    worst = np.partition(users @ items.T + biases, -options.top, axis=1)[:, -options.top, None]
    # Principal axes first, so that what the norms must bound is the least.
    axes = np.linalg.eigh(items.T @ items)[1][:, ::-1]
    users, items = users @ axes, items @ axes
    for n_exact in (0, options.factors // 8, options.factors // 4, options.factors // 2):
        rest = np.linalg.norm(users[:, n_exact:], axis=1)[:, None] * np.linalg.norm(items[:, n_exact:], axis=1)
        spared = (users[:, :n_exact] @ items[:, :n_exact].T + biases + rest < worst).mean()
        print(f"bounds after {n_exact:3} of {options.factors:3} dimensions  {spared:.0%} of the pairs spared")


def peak_reset() -> float:
    """Forget the peak of memory so far, and return what is resident, in MB."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return peak_megabytes()


def peak_megabytes() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


def surprise_pairs_per_second(model: FactorModel, n_pairs: int) -> float:
    """The rate of `SVD.predict` on the same factors, given to the library as if it had trained them."""
    import surprise  # noqa: PLC0415 - after the measurement of memory.

    users_of, items_of = (
        {key: place for place, key in enumerate(each.ids.tolist())} for each in (model.users, model.items)
    )
    # The library asks its trainset for ids and for the mean, which is that of one rating here.
    ur: dict[int, list[tuple[int, float]]] = {place: [] for place in users_of.values()}
    ir: dict[int, list[tuple[int, float]]] = {place: [] for place in items_of.values()}
    ur[0].append((0, model.global_mean))
    algorithm = surprise.SVD(n_factors=model.n_factors)
    algorithm.trainset = surprise.Trainset(ur, ir, len(ur), len(ir), 1, model.rating_scale, users_of, items_of)
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
