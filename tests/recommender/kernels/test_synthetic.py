import numpy as np
import pytest
from tests.recommender.kernels.rating_lines_plain import write_rating_lines_plain
from tests.recommender.kernels.synthetic_plain import fill_synthetic_rows_plain

from recommender.data.synthetic_model import StarDistribution, SyntheticBlock, SyntheticConfig, make_synthetic_items
from recommender.kernels.rating_lines import line_bytes, write_rating_lines
from recommender.kernels.synthetic import fill_synthetic_rows


@pytest.mark.parametrize("even", [False, True])
@pytest.mark.parametrize(("n_items", "per_user", "n_times"), [(1, 1, 0), (40, 10, 10), (40, 11, 0), (13, 13, 13)])
def test_rows_equal_those_of_the_plain_twin(even: bool, n_items: int, per_user: int, n_times: int) -> None:  # noqa: FBT001 - a parameter of a test.
    items = make_synthetic_items(SyntheticConfig(n_users=1, n_items=n_items, per_user=1, n_factors=3, seed=4))
    distribution = StarDistribution(mean=3.5, user_bias=0.4, user_factor=0.3, noise=0.5, even=even)
    blocks = []
    for rows in (fill_synthetic_rows, fill_synthetic_rows_plain):
        drawn = np.zeros((130, per_user), dtype=np.int32)
        halves, times = np.zeros(drawn.shape, dtype=np.uint8), np.zeros((130, n_times), dtype=np.int64)
        blocks.append(SyntheticBlock(5, drawn, halves, times))
        rows(np.uint64(2**32 - 1), items, distribution, blocks[-1])
    for ours, plain in zip(*blocks, strict=True):
        np.testing.assert_array_equal(ours, plain)


@pytest.mark.parametrize("timed", [False, True])
@pytest.mark.parametrize("first_user", [0, 7, 999_999, 2**31 - 4])
def test_lines_equal_those_of_the_plain_twin(first_user: int, timed: bool) -> None:  # noqa: FBT001 - a parameter of a test.
    rng = np.random.default_rng(first_user)
    drawn = np.sort(rng.integers(0, [9, 10, 2**31 - 2], (3, 3), dtype=np.int32, endpoint=True))
    halves = rng.integers(1, 10, (3, 3), dtype=np.uint8, endpoint=True)
    times = np.array([[0, 9, 10], [99, 100, 10**9], [10**17, 10**18, 2**63 - 1]])
    block = SyntheticBlock(first_user, drawn, halves, times if timed else times[:, :0])
    text = np.empty(9 * line_bytes(first_user + 3, 2**31 - 1), dtype=np.uint8)
    assert text[: write_rating_lines(block, text)].tobytes() == write_rating_lines_plain(block)
