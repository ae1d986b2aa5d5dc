"""What a card in a grid of films shows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from movies.models import Movie, Rating

PAGE_SIZE = 24


@dataclass(frozen=True)
class MovieCard:
    """A film, the stars that its viewer gave it, and the stars that the model expects of them."""

    movie: Movie
    rating: float | None = None
    predicted: float | None = None


def card_columns(movies: QuerySet[Movie]) -> QuerySet[Movie]:
    """Read only what a card shows, for overviews and casts are long."""
    return movies.only("pk", "title", "year", "genres", "ratings_count", "ratings_sum", "ratings_average")


def movie_cards(movies: Iterable[Movie], *, ratings: Mapping[int, float]) -> list[MovieCard]:
    """Return the films' cards in the order given; ``ratings`` holds the viewer's stars by film."""
    return [MovieCard(movie, rating=ratings.get(movie.pk)) for movie in movies]


def movie_card(*, movie_id: int, user_id: int | None) -> MovieCard:
    """Return one film's card.

    Raises:
        Movie.DoesNotExist: there is no such film.

    """
    movie = card_columns(Movie.objects.all()).get(pk=movie_id)
    return MovieCard(movie, rating=ratings_of(user_id=user_id, movie_ids=[movie_id]).get(movie_id))


def ratings_of(*, user_id: int | None, movie_ids: Iterable[int]) -> dict[int, float]:
    """Return the stars that a user gave to some films; nobody has given none."""
    if user_id is None:
        return {}
    rated = Rating.objects.filter(user_id=user_id, movie_id__in=list(movie_ids))
    return dict(rated.values_list("movie_id", "value"))
