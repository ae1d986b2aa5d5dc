"""Every algorithm by its name. A new one is a file in its family and one entry here."""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from recommender.artifacts import MANIFEST, read_manifest
from recommender.config import Config, read_config, require_settings
from recommender.contract import AnyModel, Estimator
from recommender.data.catalogue import Catalogue
from recommender.errors import ArtifactError, ConfigError
from recommender.factors.als_spark import SparkPlace
from recommender.persistence import read_model
from recommender.search_space import Scalar, SearchSpace

Setting = Scalar


@dataclass(frozen=True)
class Algorithm:
    """The entry of an algorithm; its modules are imported on demand.

    `summary`: one line for readers; `estimator`: "module:Class" below this package, beside its configuration, which has
    the same name with `Config` added; `model`: "module:Class" of the trained model, by default the estimator's with
    `Model` added; `stored_kind`: the kind in the manifests of the model, by default the algorithm's name;
    `needs_catalogue`: whether the estimator learns from item metadata; `engines`: the values of its setting `engine`;
    `random_holdout`: whether nightly trainings also measure it on ratings held out at random; `extra`: the optional
    dependencies that training needs, as pip names them.
    """

    name: str
    summary: str
    estimator: str
    model: str | None = None
    stored_kind: str | None = None
    needs_catalogue: bool = False
    engines: tuple[str, ...] = ()
    random_holdout: bool = False
    extra: str | None = None

    @property
    def kind(self) -> str:
        """The kind that manifests of the model name."""
        return self.stored_kind or self.name

    @property
    def runs_on_spark(self) -> bool:
        """Whether it can train on Spark."""
        return "spark" in self.engines

    def estimator_class(self) -> Any:
        """Return the class with `fit`."""
        return _load_class(self.estimator)

    def config_class(self) -> type[Config]:
        """Return the class of its hyper-parameters."""
        cls: type[Config] = _load_class(f"{self.estimator}Config")
        return cls

    def model_class(self) -> type[AnyModel]:
        """Return the class of the trained model."""
        cls: type[AnyModel] = _load_class(self.model or f"{self.estimator}Model")
        return cls


ALGORITHMS: Mapping[str, Algorithm] = {
    algorithm.name: algorithm
    for algorithm in (
        Algorithm("popularity", "the most rated films, the same for all users", "baselines.popularity:Popularity"),
        Algorithm("bias", "biases of users and films alone", "baselines.bias:Bias"),
        Algorithm(
            "surprise-svd",
            "scikit-surprise's SVD",
            "factors.surprise:SurpriseSVD",
            model="factors.model:FactorModel",
            stored_kind="factors",
            random_holdout=True,
        ),
        Algorithm(
            "surprise-svdpp",
            "scikit-surprise's SVD++, which also uses the set of rated films",
            "factors.surprise_svdpp:SurpriseSVDpp",
            model="factors.svdpp_model:SVDppModel",
            stored_kind="svdpp",
        ),
        Algorithm(
            "svd",
            "the model of surprise-svd, trained by a compiled, parallel kernel",
            "factors.svd:SVD",
            model="factors.model:FactorModel",
            stored_kind="factors",
        ),
        Algorithm(
            "nsvd",
            "a factorisation that represents users by the films that they rated",
            "factors.nsvd:NSVD",
            model="factors.nsvd_model:NSVDModel",
        ),
        Algorithm(
            "kmf",
            "a factorisation bounded by the rating scale, with online updates",
            "factors.kmf:KMF",
            model="factors.kmf_model:KMFModel",
        ),
        Algorithm(
            "als",
            "a factorisation of implicit feedback by the library implicit, on CUDA if available",
            "factors.als:ALS",
            engines=("implicit", "spark"),
        ),
        Algorithm("ease", "which films go with which, in closed form", "items.ease:EASE"),
        Algorithm(
            "keywords",
            "content-based: genres, keywords, cast and directors, also of unrated films",
            "items.keywords:Keywords",
            needs_catalogue=True,
        ),
        Algorithm(
            "item2vec", "embeddings of films from sequences of positive interactions", "neural.item2vec:Item2Vec"
        ),
        Algorithm(
            "neural-cf",
            "two towers that re-rank the nearest candidates of item2vec, trained by PyTorch",
            "neural.neuralcf:NeuralCF",
            extra="torch",
        ),
        Algorithm(
            "bayesian",
            "SVD++ for both sides, averaged over its posterior by Gibbs sampling",
            "factors.bayesian:Bayesian",
            model="factors.bayesian_model:BayesianModel",
        ),
        Algorithm(
            "hybrid",
            "films of favourite genres, alternately by keywords and by the stars of kmf",
            "blends.hybrid:Hybrid",
            model="blends.hybrid_model:HybridModel",
            needs_catalogue=True,
        ),
        Algorithm(
            "house",
            "Bayesian stars with intervals, and a ranking that takes the latest films into account",
            "blends.house:House",
            model="blends.house_model:HouseModel",
        ),
    )
}


def get_algorithm(name: str) -> Algorithm:
    """Return the algorithm of that name; ConfigError that lists the known names."""
    if name not in ALGORITHMS:
        raise ConfigError(f"There is no algorithm {name!r}: choose one of {', '.join(ALGORITHMS)}.")
    return ALGORITHMS[name]


def make_config(name: str, settings: Mapping[str, Setting] | None = None, *, seed: int = 0) -> Config:
    """Return the configuration of an algorithm: its defaults, changed by `settings`; a seed among them precedes `seed`.

    Settings may have earlier names of the fields. ConfigError for an unknown setting or a bad value.
    """
    return read_config(get_algorithm(name).config_class(), {"seed": seed, **(settings or {})}, owner=name)


def make_estimator(
    name: str,
    settings: Mapping[str, Setting] | None = None,
    *,
    seed: int = 0,
    catalogue: Catalogue | None = None,
    spark: SparkPlace | None = None,
) -> Estimator:
    """Return an estimator ready to `fit`; `settings` and `seed` are those of `make_config`.

    `spark`: the place where Spark runs, for algorithms that can train there; others ignore it. ConfigError for a bad
    setting or a missing `catalogue`.
    """
    algorithm = get_algorithm(name)
    config = make_config(name, settings, seed=seed)
    if algorithm.needs_catalogue and catalogue is None:
        raise ConfigError(f"{name} needs a catalogue of genres and keywords of films.")
    resources: dict[str, Catalogue | SparkPlace | None] = {"catalogue": catalogue} if algorithm.needs_catalogue else {}
    if algorithm.runs_on_spark and spark is not None:
        resources["spark"] = spark
    estimator: Estimator = algorithm.estimator_class()(config, **resources)
    return estimator


def get_search_space(name: str) -> SearchSpace:
    """Return the search ranges of an algorithm by field name; empty if there is nothing to tune."""
    return get_algorithm(name).config_class().space()


def ranks_by_predicted_stars(name: str) -> bool:
    """Return whether an algorithm ranks suggestions by predicted stars rather than by another score."""
    return get_algorithm(name).model_class().ranks_by_stars()


def parse_settings(name: str, assignments: Sequence[str]) -> dict[str, Setting]:
    """Return `["n_factors=50", …]` as settings of an algorithm; ConfigError for any that is not one."""
    cls = get_algorithm(name).config_class()
    types = {field.name: field.type for field in fields(cls)}
    settings: dict[str, Setting] = {}
    for assignment in assignments:
        key, separator, text = assignment.partition("=")
        if not separator:
            raise ConfigError(f"{assignment!r} is not a setting: write it as key=value.")
        require_settings([key], cls, owner=name)
        settings[key] = _parse_value(text, str(getattr(types[key], "__name__", types[key])), key)
    return settings


def load_model(folder: Path, *, mmap: bool = True) -> AnyModel:
    """Return the stored model in `folder`, of the kind that its manifest names; ArtifactError if it cannot be used."""
    kind = read_manifest(folder).kind
    for algorithm in ALGORITHMS.values():
        if algorithm.kind == kind:
            return read_model(algorithm.model_class(), folder, mmap=mmap)
    raise ArtifactError(f"{folder / MANIFEST}: describes a model of the unknown kind {kind!r}: train again.")


def _parse_value(text: str, type_name: str, key: str) -> Setting:
    """Convert text from a command line to the type that a configuration's field declares, such as "int" or "float |
    None".
    """
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


def _load_class(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(f"recommender.{module}"), name)
