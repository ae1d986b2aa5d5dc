"""Films of a user's favourite genres, ranked alternately by keywords and by predicted stars."""

from dataclasses import dataclass

from recommender.blends.hybrid_model import HybridModel, kmf_over
from recommender.config import Config, count, random_seed, same_as
from recommender.contract import OnEpoch
from recommender.data.catalogue import Catalogue
from recommender.data.ratings import Ratings
from recommender.epochs import JoinedEpochs
from recommender.factors.kmf import KMF, KMFConfig
from recommender.factors.kmf_model import KMFModel
from recommender.items.keywords import Keywords, KeywordsConfig, KeywordsModel
from recommender.search_space import Ints


@dataclass(frozen=True)
class HybridConfig(Config):
    """Hyper-parameters; ConfigError for a value outside its range.

    `n_genres`: the number of favourite genres that the first stage keeps; `vector_from`: the number of ratings from
    which predicted stars take part in the ranking; `damping`, `rare_words`, `dislikes`: see `KeywordsConfig`;
    `n_factors`, `n_epochs`, `learning_rate`, `regularisation`, `batch_size`: see `KMFConfig`.
    """

    n_genres: int = count(3, search=Ints(1, 8))
    vector_from: int = count(5)
    damping: float = same_as(KeywordsConfig, "damping")
    rare_words: float = same_as(KeywordsConfig, "rare_words")
    dislikes: float = same_as(KeywordsConfig, "dislikes")
    n_factors: int = same_as(KMFConfig, "n_factors")
    n_epochs: int = same_as(KMFConfig, "n_epochs")
    learning_rate: float = same_as(KMFConfig, "learning_rate")
    regularisation: float = same_as(KMFConfig, "regularisation")
    batch_size: int = same_as(KMFConfig, "batch_size")
    seed: int = random_seed()

    def keywords(self) -> KeywordsConfig:
        """Return the configuration of the keywords part."""
        return self.part(KeywordsConfig)

    def kmf(self) -> KMFConfig:
        """Return the configuration of the stars part."""
        return self.part(KMFConfig)


@dataclass(frozen=True)
class Hybrid:
    """The estimator: `Hybrid(config, catalogue).fit(ratings)` returns a `HybridModel`."""

    config: HybridConfig
    catalogue: Catalogue

    def fit(self, ratings: Ratings, on_epoch: OnEpoch | None = None) -> HybridModel:
        """Train both parts on all `ratings`; an epoch is one of the factorisation, which is most of the work."""
        keywords = Keywords(self.config.keywords(), self.catalogue).fit(ratings)
        epochs = JoinedEpochs(self.config.n_epochs, on_epoch).next_part(lambda kmf: self._model(keywords, kmf))
        return self._model(keywords, KMF(self.config.kmf()).fit(ratings, epochs))

    def _model(self, keywords: KeywordsModel, kmf: KMFModel) -> HybridModel:
        return HybridModel(
            users=keywords.users,
            items=keywords.items,
            keywords=keywords,
            kmf=kmf_over(keywords.items, kmf),
            genres=self.catalogue.over(keywords.items).genres.table(),
            n_favourites=self.config.n_genres,
            vector_from=self.config.vector_from,
        )
