"""Makes what the tests beside it read, as the first stored version wrote it: models, settings, a database, its files.

    PYTHONPATH=src:. DJANGO_SETTINGS_MODULE=config.settings python tests/stored/make.py FOLDER

The stored files prove that what people have on their disks stays readable. So they are only ever added to and never
made anew: whoever changes a format adds files of the new one in a folder beside these. This script shows where they
come from; it is kept as it was, and may stop working with later code.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import django
import numpy as np
from tests.stored.answers import answers_of

from recommender.algorithms import ALGORITHMS, Setting, make_config, make_estimator
from recommender.artifacts import Provenance
from recommender.contract import AnyModel
from recommender.data.catalogue import Catalogue
from recommender.data.ratings import Ratings
from recommender.items.implicit_feedback import positive_interactions
from recommender.neural.item2vec import Item2Vec, Item2VecConfig
from recommender.neural.neuralcf import NeuralCFModel
from recommender.neural.neuralcf_config import NeuralCFConfig
from recommender.neural.tower_arrays import Towers
from recommender.persistence import save_model

N_USERS, N_ITEMS = 24, 16
SETTINGS: dict[str, dict[str, Setting]] = {
    "popularity": {"damping": 4.0},
    "bias": {"n_epochs": 4, "user_damping": 4.0, "item_damping": 2.0},
    "surprise-svd": {"n_factors": 3, "n_epochs": 4, "lr_all": 0.02},
    "surprise-svdpp": {"n_factors": 3, "n_epochs": 3, "reg_all": 0.03},
    "svd": {"n_factors": 3, "n_epochs": 4, "learning_rate": 0.02, "n_threads": 1},
    "nsvd": {"n_factors": 3, "n_epochs": 4, "size": "mean"},
    "kmf": {"n_factors": 3, "n_epochs": 4, "batch_size": 64},
    "als": {"n_factors": 3, "n_epochs": 3, "alpha": 20.0, "device": "cpu"},
    "ease": {"regularisation": 5.0, "max_items": 12},
    "keywords": {"damping": 4.0, "rare_words": 0.5},
    "item2vec": {"n_factors": 4, "n_epochs": 3, "window": 3},
    "neural-cf": {"n_candidates": 8, "n_factors": 3, "n_hidden": 4, "item2vec_factors": 4, "liked_from": 3.0},
    "bayesian": {"n_factors": 3, "n_sweeps": 8, "n_burn_in": 3, "n_chains": 2, "n_components": 4, "n_threads": 1},
    "hybrid": {"n_genres": 2, "vector_from": 4, "n_factors": 3, "n_epochs": 4},
    "house": {
        "n_factors": 3,
        "n_sweeps": 8,
        "n_burn_in": 3,
        "n_chains": 2,
        "n_components": 4,
        "n_trial_sweeps": 4,
        "n_core": 12,
        "n_threads": 1,
    },
}


def configs_make(folder: Path) -> None:
    """Write every setting of every algorithm, as a model's row keeps them."""
    configs = {name: asdict(make_config(name)) for name in ALGORITHMS}
    (folder / "configs.json").write_text(json.dumps(configs, indent=1) + "\n", encoding="utf-8")


def models_make(folder: Path) -> None:
    """Train and save a small model of each algorithm, and write down what it answers."""
    ratings, expected = world(), {}
    for name in ALGORITHMS:
        config = asdict(make_config(name, SETTINGS[name], seed=1))
        model = trained(name, ratings)
        save_model(
            model, folder / "models" / name, Provenance(name, config, 1, dataset="0" * 64, metrics={"gate_rmse": 0.9})
        )
        expected[name] = answers_of(model)
        print(name, flush=True)  # noqa: T201 - a script tells how far it is.
    rows = (f'"{name}": {json.dumps(answers, allow_nan=False)}' for name, answers in expected.items())
    (folder / "expected.json").write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")


def world() -> Ratings:
    """Return the ratings of users of two tastes; ids are not positions."""
    rng = np.random.default_rng(7)
    pairs = np.sort(rng.permutation(N_USERS * N_ITEMS)[:220])
    users, items = pairs // N_ITEMS, pairs % N_ITEMS
    stars = np.where(users % 2 == items % 2, 4.2, 2.4) + 0.6 * rng.standard_normal(pairs.size)
    values = np.clip(np.round(stars * 2) / 2, 0.5, 5.0)
    return Ratings.from_arrays(
        100 + 3 * users, 50 + 7 * items, values, 1_500_000_000 + rng.permutation(pairs.size) * 60
    )


def trained(name: str, ratings: Ratings) -> AnyModel:
    """Return a model, with towers that are drawn where PyTorch would learn them."""
    if name == "neural-cf":
        return two_towers(ratings, NeuralCFConfig(**SETTINGS[name], seed=1))  # type: ignore[arg-type]  # As above.
    kinds = [("Comedy", "Drama")[item % 2] for item in range(N_ITEMS)]
    catalogue = Catalogue.of(
        50 + 7 * np.arange(N_ITEMS),
        genres=[(kind,) for kind in kinds],
        keywords=[
            (f"{kind}-{item // 2 % 3}", f"word-{item * item // 20}", f"only-{item}") for item, kind in enumerate(kinds)
        ],
    )
    about = catalogue if ALGORITHMS[name].needs_catalogue else None
    return make_estimator(name, SETTINGS[name], seed=1, catalogue=about).fit(ratings)


def two_towers(ratings: Ratings, config: NeuralCFConfig) -> NeuralCFModel:
    """Return a model of neural-cf whose first stage is trained."""
    near = Item2Vec(Item2VecConfig(n_factors=config.item2vec_factors, liked_from=config.liked_from, seed=1)).fit(
        ratings
    )
    liked, rng = positive_interactions(ratings, config.liked_from), np.random.default_rng(1)
    k, h = config.n_factors, config.n_hidden
    shapes = [(N_ITEMS, k), (h, k), (h,), (k, h), (N_ITEMS, k)]
    return NeuralCFModel(
        users=ratings.users,
        items=ratings.items,
        stars=near.stars,
        item_factors=near.item_factors,
        liked_indptr=liked.indptr,
        liked_indices=liked.indices,
        towers=Towers(*(rng.standard_normal(shape).astype(np.float32) for shape in shapes)),
        n_candidates=config.n_candidates,
        liked_from=config.liked_from,
    )


def main() -> None:
    """Make everything in a folder that is given, which should be empty."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    configs_make(folder)
    models_make(folder)
    django.setup()
    from tests.stored.make_database import database_make  # noqa: PLC0415 - models cannot be imported before.

    database_make(folder)


if __name__ == "__main__":
    main()
