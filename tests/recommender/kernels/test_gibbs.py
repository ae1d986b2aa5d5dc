"""The compiled inner loops of Gibbs sampling do what their plain twins do, and draw from the right distribution."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.data.rows import Rows
from recommender.kernels import gibbs, gibbs_plain
from recommender.kernels.gibbs_plain import Draw, Moments

CHECKERBOARD = np.indices((8, 6)).sum(axis=0) % 2 == 0
ONE_RATING = np.eye(1, dtype=bool)
ONE_USER = np.ones((1, 9), dtype=bool)
ONE_ITEM = np.ones((9, 1), dtype=bool)


def rows_of(rated: np.ndarray) -> tuple[Rows, Rows]:
    users, items = np.nonzero(rated)
    raters, rater_users = np.nonzero(rated.T)
    return (
        Rows.of_pairs(users, items, n_rows=rated.shape[0]),
        Rows.of_pairs(raters, rater_users, n_rows=rated.shape[1]),
    )


def normal(random: np.random.Generator, n: int) -> np.ndarray:
    return random.standard_normal(n, dtype=np.float32)


def moments_of(n: int) -> Moments:
    return Moments(np.full(n, np.nan, dtype=np.float32), np.full(n, np.nan, dtype=np.float32))


def draw_of(random: np.random.Generator, sets: Rows, n_members: int) -> Draw:
    return Draw(
        sets=sets,
        weights=random.uniform(0.1, 1.0, n_members).astype(np.float32),
        noise_precision=1.7,
        own_precision=12.0,
        own_mean=0.1,
        implicit_precision=30.0,
        implicit_mean=-0.05,
        own_normals=normal(random, n_members),
        implicit_normals=normal(random, sets.n_rows),
    )


@pytest.mark.parametrize("rated", [CHECKERBOARD, ONE_RATING, ONE_USER, ONE_ITEM])
def test_statistics_and_residuals_equal_the_plain_ones(rated: np.ndarray) -> None:
    check_statistics(rated, seed=1)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_statistics_and_residuals_equal_the_plain_ones_on_any_ratings(n_users: int, n_items: int, seed: int) -> None:
    check_statistics(np.random.default_rng(seed).random((n_users, n_items)) < 0.4, seed)


def check_statistics(rated: np.ndarray, seed: int) -> None:
    random, (rows, _) = np.random.default_rng(seed), rows_of(rated)
    users, items = normal(random, rated.shape[0]), normal(random, rated.shape[1])
    before = normal(random, rows.indices.size)
    for size, partners, statistics, subtract, steps in (
        (users.size, items, "row_statistics", "subtract_rows", users),
        (items.size, users, "column_statistics", "subtract_columns", items),
    ):
        fast, plain = moments_of(size), moments_of(size)
        getattr(gibbs, statistics)(rows, before, partners, fast)
        getattr(gibbs_plain, statistics)(rows, before, partners, plain)
        assert fast.curvature == pytest.approx(plain.curvature, rel=1e-4, abs=1e-4)
        assert fast.slope == pytest.approx(plain.slope, rel=1e-4, abs=1e-4)
        after_fast, after_plain = before.copy(), before.copy()
        getattr(gibbs, subtract)(rows, after_fast, partners, steps)
        getattr(gibbs_plain, subtract)(rows, after_plain, partners, steps)
        assert after_fast == pytest.approx(after_plain, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("rated", [CHECKERBOARD, ONE_RATING, ONE_USER, ONE_ITEM])
def test_a_draw_equals_the_plain_one(rated: np.ndarray) -> None:
    random, (rows, raters) = np.random.default_rng(3), rows_of(rated)
    residuals, partners = normal(random, rows.indices.size), normal(random, rated.shape[1])
    request = draw_of(random, raters, rated.shape[0])
    own, implicit = normal(random, rated.shape[0]), normal(random, rated.shape[1])
    results = []
    for kernels in (gibbs, gibbs_plain):
        moments, steps = moments_of(own.size), np.empty(own.size, dtype=np.float32)
        kernels.row_statistics(rows, residuals, partners, moments)
        new = own.copy(), implicit.copy()
        kernels.draw(request, *new, moments, steps)
        results.append((*new, moments.slope, steps))
    for fast, plain in zip(*results, strict=True):
        assert fast == pytest.approx(plain, rel=1e-4, abs=1e-4)


def test_after_a_draw_the_slopes_are_those_of_the_new_residuals() -> None:
    random, (rows, raters) = np.random.default_rng(5), rows_of(CHECKERBOARD)
    residuals, partners = normal(random, rows.indices.size), normal(random, 6)
    moments, steps, fresh = moments_of(8), np.empty(8, dtype=np.float32), moments_of(8)
    gibbs.row_statistics(rows, residuals, partners, moments)
    gibbs.draw(draw_of(random, raters, 8), normal(random, 8), normal(random, 6), moments, steps)
    gibbs.subtract_rows(rows, residuals, partners, steps)
    gibbs.row_statistics(rows, residuals, partners, fresh)
    assert moments.slope == pytest.approx(fresh.slope, abs=1e-4)


def test_draws_have_the_mean_and_the_spread_of_the_posterior() -> None:
    # One user with two ratings of items at 1 and 2: precision 3 · (1 + 4) + 5 = 20, mean 3 · (1 · 0.5 + 2 · 1) / 20.
    rows = Rows.of_pairs([0, 0], [0, 1], n_rows=1)
    partners, random, drawn = np.array([1, 2], dtype=np.float32), np.random.default_rng(9), []
    for _ in range(4000):
        residuals, own = np.array([0.5, 1.0], dtype=np.float32), np.zeros(1, dtype=np.float32)
        moments, steps = moments_of(1), np.empty(1, dtype=np.float32)
        gibbs.row_statistics(rows, residuals, partners, moments)
        request = Draw(
            sets=Rows.empty(n_rows=0),
            weights=np.ones(1, dtype=np.float32),
            noise_precision=3.0,
            own_precision=5.0,
            own_mean=0.0,
            implicit_precision=1.0,
            implicit_mean=0.0,
            own_normals=normal(random, 1),
            implicit_normals=np.empty(0, dtype=np.float32),
        )
        gibbs.draw(request, own, np.empty(0, dtype=np.float32), moments, steps)
        drawn.append(own[0])
    assert np.mean(drawn) == pytest.approx(7.5 / 20, abs=0.015)
    assert np.std(drawn) == pytest.approx(20**-0.5, abs=0.01)
