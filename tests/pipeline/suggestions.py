"""Reading suggestion lists, and ranking movies without the code under test."""

from collections.abc import Sequence
from pathlib import Path

from movies.models import ModelVersion, Rating, SuggestionList
from recommender.factors.model import FactorModel
from recommender.persistence import read_model


def lists() -> dict[int, list[int]]:
    return dict(SuggestionList.objects.values_list("user_id", "movie_ids"))


def rated(user_id: int) -> set[int]:
    return set(Rating.objects.filter(user_id=user_id).values_list("movie_id", flat=True))


def live_factors(folders: Path) -> FactorModel:
    return read_model(FactorModel, folders / "models" / ModelVersion.objects.get(state="live").folder)


def best_first(model: FactorModel, user_id: int, movie_ids: Sequence[int]) -> list[int]:
    """Rank movies one by one, without the code under test: by trained parameters, ties by id."""
    scores = model.score([user_id] * len(movie_ids), movie_ids)
    return [movie_id for _, movie_id in sorted(zip(-scores, movie_ids, strict=True))]
