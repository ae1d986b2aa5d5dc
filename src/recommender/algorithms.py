"""Every algorithm by its name. A new one is a file in its family, one entry here, and it is everywhere at once."""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recommender.artifacts import MANIFEST, read_manifest
from recommender.contract import AnyModel, Estimator
from recommender.errors import ArtifactError, ConfigError
from recommender.search_space import Scalar, SearchSpace

if TYPE_CHECKING:
    from recommender.data.catalogue import Catalogue

Setting = Scalar


@dataclass(frozen=True)
class Algorithm:
    """Where an algorithm lives, imported when it is asked for.

    `module`: below this package; `estimator`: the class there; its configuration has the same name with `Config` added;
    `model`: "module:Class" of what it learns; `kind`: what that class's manifests say; `summary`: one line for people;
    `needs_catalogue`: whether its estimator takes what is known of the items besides ratings; `extra`: the optional
    dependencies that it needs to be trained, as pip names them, or None.
    """

    name: str
    summary: str
    module: str
    estimator: str
    model: str
    kind: str
    needs_catalogue: bool = False
    extra: str | None = None


_ALL = (
    Algorithm(
        name="popularity",
        summary="the most rated films, the same for everybody",
        module="baselines.popularity",
        estimator="Popularity",
        model="baselines.popularity:PopularityModel",
        kind="popularity",
    ),
    Algorithm(
        name="bias",
        summary="how generous a user and how good a film is, nothing else",
        module="baselines.bias",
        estimator="Bias",
        model="baselines.bias:BiasModel",
        kind="bias",
    ),
    Algorithm(
        name="surprise-svd",
        summary="scikit-surprise's own SVD, its factors read out",
        module="factors.surprise",
        estimator="SurpriseSVD",
        model="factors.model:FactorModel",
        kind="factors",
    ),
    Algorithm(
        name="surprise-svdpp",
        summary="scikit-surprise's own SVD++, which also learns from what was rated at all",
        module="factors.surprise_svdpp",
        estimator="SurpriseSVDpp",
        model="factors.svdpp_model:SVDppModel",
        kind="svdpp",
    ),
    Algorithm(
        name="svd",
        summary="the model of surprise-svd by a compiled, parallel kernel of our own",
        module="factors.svd",
        estimator="SVD",
        model="factors.model:FactorModel",
        kind="factors",
    ),
    Algorithm(
        name="nsvd",
        summary="a factorisation whose users are made of the films that they rated, and need no vectors of their own",
        module="factors.nsvd",
        estimator="NSVD",
        model="factors.nsvd_model:NSVDModel",
        kind="nsvd",
    ),
    Algorithm(
        name="kmf",
        summary="a factorisation bounded by the rating scale, which takes new ratings in without being trained again",
        module="factors.kmf",
        estimator="KMF",
        model="factors.kmf_model:KMFModel",
        kind="kmf",
    ),
    Algorithm(
        name="als",
        summary="factorisation of who liked what, by the library implicit, on CUDA where there is one",
        module="factors.als",
        estimator="ALS",
        model="factors.als:ALSModel",
        kind="als",
    ),
    Algorithm(
        name="ease",
        summary="which films go with which, in closed form",
        module="items.ease",
        estimator="EASE",
        model="items.ease:EASEModel",
        kind="ease",
    ),
    Algorithm(
        name="keywords",
        summary="films about the same, by genres, keywords, cast and directors; those that nobody has rated too",
        module="items.keywords",
        estimator="Keywords",
        model="items.keywords:KeywordsModel",
        kind="keywords",
        needs_catalogue=True,
    ),
    Algorithm(
        name="item2vec",
        summary="films liked one after another, embedded as words are",
        module="neural.item2vec",
        estimator="Item2Vec",
        model="neural.item2vec:Item2VecModel",
        kind="item2vec",
    ),
    Algorithm(
        name="neural-cf",
        summary="two towers that re-rank the nearest candidates of item2vec, trained by PyTorch",
        module="neural.neuralcf",
        estimator="NeuralCF",
        model="neural.neuralcf:NeuralCFModel",
        kind="neural-cf",
        extra="torch",
    ),
    Algorithm(
        name="bayesian",
        summary="SVD++ for both sides, averaged over its posterior by Gibbs sampling",
        module="factors.bayesian",
        estimator="Bayesian",
        model="factors.bayesian_model:BayesianModel",
        kind="bayesian",
    ),
    Algorithm(
        name="hybrid",
        summary="films of the right genres, in turn by keywords and by the stars of kmf",
        module="blends.hybrid",
        estimator="Hybrid",
        model="blends.hybrid_model:HybridModel",
        kind="hybrid",
        needs_catalogue=True,
    ),
    Algorithm(
        name="house",
        summary="the product's own blend: Bayesian stars with intervals, and a ranking that knows the latest films",
        module="blends.house",
        estimator="House",
        model="blends.house_model:HouseModel",
        kind="house",
    ),
)
ALGORITHMS: Mapping[str, Algorithm] = {algorithm.name: algorithm for algorithm in _ALL}


def get_algorithm(name: str) -> Algorithm:
    """The algorithm of that name; ConfigError that lists the names there are."""
    if name not in ALGORITHMS:
        raise ConfigError(f"There is no algorithm {name!r}: choose one of {', '.join(ALGORITHMS)}.")
    return ALGORITHMS[name]


def make_config(name: str, settings: Mapping[str, Setting] | None = None, *, seed: int = 0) -> Any:
    """The configuration of an algorithm: its defaults, changed by `settings`; ConfigError for an unknown or bad one."""
    cls = _config_class(name)
    known = {field.name: field for field in fields(cls)}
    given = dict(settings or {})
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ConfigError(f"{name} has no setting {unknown[0]!r}: choose among {', '.join(known)}.")
    return cls(**{"seed": seed, **given})


def make_estimator(
    name: str,
    settings: Mapping[str, Setting] | None = None,
    *,
    seed: int = 0,
    catalogue: "Catalogue | None" = None,
) -> Estimator:
    """An estimator ready to `fit`. ConfigError for a bad setting, or where a `catalogue` is needed and missing."""
    algorithm = get_algorithm(name)
    config = make_config(name, settings, seed=seed)
    cls = _imported(f"{algorithm.module}:{algorithm.estimator}")
    if not algorithm.needs_catalogue:
        estimator: Estimator = cls(config)
        return estimator
    if catalogue is None:
        raise ConfigError(f"{name} learns from what films are about: give a catalogue of their genres and keywords.")
    about: Estimator = cls(config, catalogue)
    return about


def get_search_space(name: str) -> SearchSpace:
    """What a search may try for an algorithm: its configuration's `space`; empty where there is nothing to tune."""
    space: SearchSpace = getattr(_config_class(name), "space", {})
    return space


def ranks_by_predicted_stars(name: str) -> bool:
    """Whether an algorithm's suggestions are ranked by the stars that it predicts, and by no order of their own."""
    orders: bool = _imported(get_algorithm(name).model).orders_by_stars()
    return orders


def parse_settings(name: str, assignments: Sequence[str]) -> dict[str, Setting]:
    """`["n_factors=50", …]` as settings of an algorithm, each of its field's type; ConfigError for what is not one."""
    types = {field.name: field.type for field in fields(_config_class(name))}
    settings: dict[str, Setting] = {}
    for assignment in assignments:
        key, separator, text = assignment.partition("=")
        if not separator:
            raise ConfigError(f"{assignment!r} is not a setting: write it as key=value.")
        if key not in types:
            raise ConfigError(f"{name} has no setting {key!r}: choose among {', '.join(types)}.")
        settings[key] = _converted(text, str(getattr(types[key], "__name__", types[key])), key)
    return settings


def load_model(folder: Path, *, mmap: bool = True) -> AnyModel:
    """The stored model in `folder`, of whatever kind its manifest names; ArtifactError if it cannot be used."""
    kind = read_manifest(folder).kind
    for algorithm in ALGORITHMS.values():
        if algorithm.kind == kind:
            model: AnyModel = _imported(algorithm.model).load(folder, mmap=mmap)
            return model
    raise ArtifactError(f"{folder / MANIFEST}: describes a model of the unknown kind {kind!r}: train again.")


def _converted(text: str, type_name: str, key: str) -> Setting:
    """Text from a command line as the type that a configuration's field declares, such as "int" or "float | None"."""
    choices = [choice.strip() for choice in type_name.split("|")]
    if text.lower() == "none" and "None" in choices:
        return None
    if "bool" in choices and text.lower() in {"true", "false"}:
        return text.lower() == "true"
    for name, convert in (("int", int), ("float", float)):
        if name in choices:
            try:
                return convert(text)
            except ValueError:
                continue
    if "bool" in choices or {"int", "float"} & set(choices):
        raise ConfigError(f"{key} is {text!r}: it must be of type {type_name}.")
    return text


def _config_class(name: str) -> Any:
    algorithm = get_algorithm(name)
    return _imported(f"{algorithm.module}:{algorithm.estimator}Config")


def _imported(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(f"recommender.{module}"), name)
