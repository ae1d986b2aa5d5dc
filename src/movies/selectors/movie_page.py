"""What the page of a film shows."""

from dataclasses import dataclass

from movies.models import Movie, Trailer
from movies.selectors.cards import MovieCard, card_columns, movie_cards, ratings_of

N_RELATED = 6


@dataclass(frozen=True)
class MoviePage:
    """A film, its viewer's rating, its trailers, and popular films of its first genre."""

    movie: Movie
    rating: float | None
    trailers: list[Trailer]
    related: list[MovieCard]


def movie_page(*, movie_id: int, user_id: int | None) -> MoviePage:
    """Return all that the page of a film shows.

    Raises:
        Movie.DoesNotExist: there is no such film.

    """
    movie = Movie.objects.get(pk=movie_id)
    related = _related(movie)
    ratings = ratings_of(user_id=user_id, movie_ids=[movie_id, *(other.pk for other in related)])
    return MoviePage(
        movie=movie,
        rating=ratings.get(movie_id),
        trailers=list(movie.trailers.order_by("pk")),
        related=movie_cards(related, ratings=ratings),
    )


def _related(movie: Movie) -> list[Movie]:
    if not movie.genres:
        return []
    others = Movie.objects.filter(genres__contains=movie.genres[:1]).exclude(pk=movie.pk)
    return list(card_columns(others).order_by("-ratings_count", "-pk")[:N_RELATED])
