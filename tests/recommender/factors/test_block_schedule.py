import threading
from collections import defaultdict

import numpy as np
import pytest

from recommender.data.ratings import Ratings
from recommender.factors import block_schedule, svd
from recommender.factors.block_schedule import BlockSchedule, run_scheduled_epoch
from recommender.factors.svd import SVD, SVDConfig, _Training
from recommender.kernels import sgd
from recommender.kernels.sgd import run_sgd_epoch

RATES = np.float32(0.02), np.float32(0.05)


@pytest.mark.parametrize("n_threads", [1, 3, 16])
def test_block_schedule_trains_the_same_factors_as_diagonals(synthetic: Ratings, n_threads: int) -> None:
    taught, apart = (_Training.of(synthetic, SVDConfig(n_factors=5)) for _ in range(2))
    for seed in range(3):
        diagonals = np.random.default_rng(seed).permutation(16)
        run_sgd_epoch(taught.grid, diagonals, taught.parameters, *RATES)
        run_scheduled_epoch(apart.grid, diagonals, apart.parameters, *RATES, n_threads=n_threads)

    for ours, theirs in zip(apart.parameters, taught.parameters, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-5)


def test_number_of_threads_changes_no_bit_of_many_ratings(synthetic: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(svd, "_SCHEDULED_FROM", 0)
    monkeypatch.setattr(svd, "_RATINGS_PER_THREAD", 1)
    one, three = (SVD(SVDConfig(n_factors=9, n_threads=n)).fit(synthetic) for n in (1, 3))
    assert np.array_equal(one.item_factors, three.item_factors)
    assert np.array_equal(one.user_biases, three.user_biases)


def test_stripes_are_exclusive_and_see_their_blocks_by_diagonal() -> None:
    diagonals = np.random.default_rng(0).permutation(8)
    turns, lock = BlockSchedule(diagonals), threading.Lock()
    busy: set[str] = set()
    seen: dict[int, list[int]] = defaultdict(list)
    clashes: list[int] = []

    def work() -> None:
        while (block := turns.next_block()) is not None:
            user, item = divmod(block, 8)
            stripes = {f"user {user}", f"item {item}"}
            with lock:
                clashes.extend([block] if busy & stripes else [])
                busy.update(stripes)
                seen[user].append((item - user) % 8)
            with lock:
                busy.difference_update(stripes)
            turns.done(block)

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert not clashes
    assert all(seen[user] == diagonals.tolist() for user in range(8))


def test_error_in_a_block_ends_the_epoch_for_all(synthetic: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    training = _Training.of(synthetic, SVDConfig(n_factors=2))

    def fails(*_arguments: object) -> None:
        message = "block"
        raise ArithmeticError(message)

    monkeypatch.setattr(sgd, "run_sgd_block", fails)
    with pytest.raises(ArithmeticError, match="block"):
        block_schedule.run_scheduled_epoch(training.grid, np.arange(16), training.parameters, *RATES, n_threads=4)
