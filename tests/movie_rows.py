"""Films, ratings and suggestions for tests of what pages show."""

from collections.abc import Sequence

from django.utils import timezone

from accounts.models import User
from movies.models import ModelVersion, Movie, Rating, SuggestionList


def make_movies(count: int) -> list[Movie]:
    """Return films named ``Film 1`` …, the first the most rated."""
    return Movie.objects.bulk_create(
        Movie(
            title=f"Film {n}",
            year=1950 + n % 70,
            genres=["Drama", "Crime"] if n % 2 else ["Comedy"],
            ratings_count=10 * (count - n + 1),
            ratings_sum=30 * (count - n + 1),
        )
        for n in range(1, count + 1)
    )


def rate_quietly(user: User, movies: Sequence[Movie], value: float = 4.0) -> None:
    """Store ratings without touching any figures."""
    Rating.objects.bulk_create(Rating(user=user, movie=movie, value=value) for movie in movies)


def suggest(user: User, movies: Sequence[Movie], scores: Sequence[float] | None = None) -> SuggestionList:
    """Store suggestions in the order given."""
    version, _ = ModelVersion.objects.get_or_create(
        folder="svd-1",
        defaults={
            "algorithm": "surprise-svd",
            "state": ModelVersion.State.LIVE,
            "snapshot_checksum": "0" * 64,
            "n_users": 1,
            "n_movies": 1,
            "n_ratings": 1,
            "trained_until": timezone.now(),
        },
    )
    chosen = list(scores) if scores is not None else [4.0] * len(movies)
    return SuggestionList.objects.create(
        user=user, movie_ids=[movie.pk for movie in movies], scores=chosen, model_version=version
    )
