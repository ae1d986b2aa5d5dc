import numpy as np
import pytest
from tests.recommender.kernels.grid_plain import fill_grid_plain

from recommender.kernels.grid import Columns, Deal, fill_grid

N_USERS, N_ITEMS = 40, 23


def dealt(rng: np.random.Generator, n: int, n_stripes: int) -> Deal:
    return Deal(rng.integers(0, n_stripes, n).astype(np.uint8), rng.permutation(n).astype(np.int32))


@pytest.mark.parametrize("n", [1, 15, 16, 17, 500])
@pytest.mark.parametrize("n_stripes", [1, 3, 16])
def test_ratings_are_put_where_the_plain_twin_puts_them(n: int, n_stripes: int) -> None:
    rng = np.random.default_rng([n, n_stripes])
    pairs = np.sort(rng.choice(N_USERS * N_ITEMS, n, replace=False)).astype(np.int32)
    ratings = Columns(pairs // N_ITEMS, pairs % N_ITEMS, (rng.integers(1, 11, n) / 2).astype(np.float32))
    users, items = dealt(rng, N_USERS, n_stripes), dealt(rng, N_ITEMS, n_stripes)

    fast = fill_grid(ratings, users, items, np.float32(3.25), n_stripes)
    plain = fill_grid_plain(ratings, users, items, np.float32(3.25), n_stripes)

    for name in ("bounds", "users", "items", "values"):
        ours, theirs = getattr(fast, name), getattr(plain, name)
        assert ours.dtype == theirs.dtype
        assert ours.tolist() == theirs.tolist()
