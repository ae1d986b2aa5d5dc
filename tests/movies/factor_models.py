"""A live model made by hand, without training."""

from pathlib import Path

import numpy as np
from django.utils import timezone

from movies.models import ModelVersion, Movie
from recommender.artifacts import Provenance
from recommender.data.vocabulary import Vocabulary
from recommender.factors.foldin import FoldInPenalty
from recommender.factors.model import FactorModel
from recommender.persistence import save_model


def factor_model(movies: list[Movie], *, seed: int = 0) -> FactorModel:
    """Return a model of one stranger and of ``movies``, with random factors."""
    rng = np.random.default_rng(seed)
    return FactorModel(
        users=Vocabulary.of([2_000_000_000]),
        items=Vocabulary.of([movie.pk for movie in movies]),
        global_mean=3.5,
        user_biases=np.zeros(1, dtype=np.float32),
        item_biases=rng.normal(0, 0.3, len(movies)).astype(np.float32),
        user_factors=np.zeros((1, 3), dtype=np.float32),
        item_factors=rng.normal(0, 1, (len(movies), 3)).astype(np.float32),
        fold_in_penalty=FoldInPenalty(constant=1.0, per_rating=0.02),
    )


def go_live(model: FactorModel, models_dir: Path, *, folder: str) -> ModelVersion:
    """Store the model and make it the live one."""
    save_model(model, models_dir / folder, Provenance("test", {}, seed=0, dataset="0" * 64))
    ModelVersion.objects.filter(state=ModelVersion.State.LIVE).update(state=ModelVersion.State.RETIRED)
    return ModelVersion.objects.create(
        algorithm="test",
        folder=folder,
        state=ModelVersion.State.LIVE,
        snapshot_checksum="0" * 64,
        n_users=1,
        n_movies=len(model.items),
        n_ratings=1,
        trained_until=timezone.now(),
    )
