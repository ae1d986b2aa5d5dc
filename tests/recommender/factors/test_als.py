import numpy as np
import pytest
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from recommender.data.ratings import Ratings
from recommender.errors import ConfigError
from recommender.factors.als import ALS, ALSConfig


def test_folding_in_solves_the_equations_of_the_paper(synthetic: Ratings) -> None:
    model = ALS(ALSConfig(n_factors=6, alpha=7.0, regularisation=0.3)).fit(synthetic)
    mine = synthetic.select(synthetic.user_positions == 3)
    profile = model.fold_in(mine.item_ids, mine.values).profile

    items = model.item_factors.astype(np.float64)
    liked = np.zeros(len(model.items))
    liked[model.items.positions(mine.item_ids[mine.values >= 3.5])] = 1
    confidence = np.diag(np.where(liked > 0, 7.0, 1.0))
    expected = np.linalg.solve(items.T @ confidence @ items + 0.3 * np.eye(6), items.T @ confidence @ liked)
    assert profile == pytest.approx(expected, abs=1e-4)


def test_the_factors_are_those_of_the_library(synthetic: Ratings) -> None:
    import implicit.als  # noqa: PLC0415 - brings BLAS along, which the next line limits.

    liked = synthetic.values >= 3.5
    matrix = csr_matrix(
        (np.full(liked.sum(), 40.0, np.float32), (synthetic.user_positions[liked], synthetic.item_positions[liked])),
        shape=(len(synthetic.users), len(synthetic.items)),
    )
    with threadpool_limits(1, user_api="blas"):
        library = implicit.als.AlternatingLeastSquares(
            factors=5, regularization=0.01, iterations=3, random_state=9, use_gpu=False
        )
        library.fit(matrix, show_progress=False)
    ours = ALS(ALSConfig(n_factors=5, n_epochs=3, seed=9, device="cpu")).fit(synthetic)
    assert ours.item_factors == pytest.approx(library.item_factors, abs=1e-6)


def test_low_ratings_are_not_positive_interactions(synthetic: Ratings) -> None:
    model = ALS(ALSConfig(n_factors=4)).fit(synthetic)
    items = model.items.ids[:4]
    liking, hating = (model.fold_in(items, [stars] * 4) for stars in (5.0, 1.0))
    assert not hating.profile.any()
    assert model.score_items(liking)[:4].mean() > model.score_items(hating)[:4].mean()


def test_cuda_where_there_is_none_is_refused_with_a_way_out(synthetic: Ratings) -> None:
    import implicit.gpu  # noqa: PLC0415

    if implicit.gpu.HAS_CUDA:
        assert ALS(ALSConfig(device="cuda")).fit(synthetic).item_factors.any()
        return
    with pytest.raises(ConfigError, match="use auto or cpu"):
        ALS(ALSConfig(device="cuda")).fit(synthetic)
