"""Two stages, then two opinions: films of the right genres, ordered by keywords and by predicted stars in turn."""

from dataclasses import dataclass
from typing import ClassVar, cast

from recommender.blends.hybrid_model import HybridModel, kmf_over
from recommender.config import require_count, require_seed
from recommender.contract import Epoch, OnEpoch
from recommender.data.catalogue import Catalogue
from recommender.data.ratings import Ratings
from recommender.factors.kmf import KMF, KMFConfig
from recommender.factors.kmf_model import KMFModel
from recommender.items.keywords import Keywords, KeywordsConfig, KeywordsModel
from recommender.search_space import Ints, SearchSpace


@dataclass(frozen=True)
class HybridConfig:
    """Hyper-parameters; ConfigError for a value outside its range.

    `n_genres`: how many favourite genres of a person the first stage keeps; `vector_from`: ratings from which a person
    has a vector, so that predicted stars have a say; `damping`, `rare_words`, `dislikes`: see `KeywordsConfig`;
    `n_factors`, `n_epochs`, `learning_rate`, `regularisation`, `batch_size`: see `KMFConfig`.
    """

    n_genres: int = 3
    vector_from: int = 5
    damping: float = KeywordsConfig.damping
    rare_words: float = KeywordsConfig.rare_words
    dislikes: float = KeywordsConfig.dislikes
    n_factors: int = KMFConfig.n_factors
    n_epochs: int = KMFConfig.n_epochs
    learning_rate: float = KMFConfig.learning_rate
    regularisation: float = KMFConfig.regularisation
    batch_size: int = KMFConfig.batch_size
    seed: int = 0

    space: ClassVar[SearchSpace] = {**KMFConfig.space, **KeywordsConfig.space, "n_genres": Ints(1, 8)}

    def __post_init__(self) -> None:
        require_count("n_genres", self.n_genres)
        require_count("vector_from", self.vector_from)
        require_seed(self.seed)
        self.keywords()
        self.kmf()

    def keywords(self) -> KeywordsConfig:
        """How the words are learnt from."""
        return KeywordsConfig(damping=self.damping, rare_words=self.rare_words, dislikes=self.dislikes, seed=self.seed)

    def kmf(self) -> KMFConfig:
        """How the stars are learnt."""
        return KMFConfig(
            n_factors=self.n_factors,
            n_epochs=self.n_epochs,
            learning_rate=self.learning_rate,
            regularisation=self.regularisation,
            batch_size=self.batch_size,
            seed=self.seed,
        )


@dataclass(frozen=True)
class Hybrid:
    """The estimator: `Hybrid(config, catalogue).fit(ratings)` gives a `HybridModel`."""

    config: HybridConfig
    catalogue: Catalogue

    def fit(self, ratings: Ratings, on_epoch: OnEpoch | None = None) -> HybridModel:
        """Learn both opinions from all `ratings`; an epoch is one of the factorisation, which is most of the work."""
        keywords = Keywords(self.config.keywords(), self.catalogue).fit(ratings)
        heard = None if on_epoch is None else self._hear(keywords, on_epoch)
        return self._model(keywords, KMF(self.config.kmf()).fit(ratings, heard))

    def _hear(self, keywords: KeywordsModel, on_epoch: OnEpoch) -> OnEpoch:
        def heard(epoch: Epoch) -> bool | None:
            learnt = epoch.model
            if learnt is None:
                return on_epoch(epoch)
            # What KMF tells of is what it learns.
            return on_epoch(epoch._replace(model=lambda: self._model(keywords, cast("KMFModel", learnt()))))

        return heard

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
