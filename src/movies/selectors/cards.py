"""Data for the cards in a grid of films."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from movies.models import Movie, Rating

PAGE_SIZE = 24


@dataclass(frozen=True)
class MovieCard:
    """A film, the stars that the viewer gave it, and the stars that the model predicts."""

    movie: Movie
    rating: float | None = None
    predicted: float | None = None


def card_columns(movies: QuerySet[Movie]) -> QuerySet[Movie]:
    """Select only the columns that a card shows, because overviews and casts are long."""
    return movies.only("pk", "title", "year", "genres", "ratings_count", "ratings_sum", "ratings_average")


def movie_cards(movies: Iterable[Movie], *, ratings: Mapping[int, float]) -> list[MovieCard]:
    """Return the cards of the films, in their order. ``ratings``: the viewer's stars by film id."""
    return [MovieCard(movie, rating=ratings.get(movie.pk)) for movie in movies]


def movie_card(*, movie_id: int, user_id: int | None) -> MovieCard:
    """Return the card of a film.

    Raises:
        Movie.DoesNotExist: there is no such film.

    """
    movie = card_columns(Movie.objects.all()).get(pk=movie_id)
    return MovieCard(movie, rating=user_stars(user_id=user_id, movie_ids=[movie_id]).get(movie_id))


def user_stars(*, user_id: int | None, movie_ids: Iterable[int]) -> dict[int, float]:
    """Return the stars that a user gave to some films, by film id; empty without a user."""
    if user_id is None:
        return {}
    rated = Rating.objects.filter(user_id=user_id, movie_id__in=list(movie_ids))
    return dict(rated.values_list("movie_id", "value"))
