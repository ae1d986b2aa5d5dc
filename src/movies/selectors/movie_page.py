"""Data for the page of a film."""

from dataclasses import dataclass

from movies.models import Movie, Trailer
from movies.selectors.cards import MovieCard, movie_cards, user_stars
from movies.selectors.similar import similar_movies


@dataclass(frozen=True)
class MoviePage:
    """A film, the viewer's rating, its trailers, and similar films."""

    movie: Movie
    rating: float | None
    trailers: list[Trailer]
    similar: list[MovieCard]


def movie_page(*, movie_id: int, user_id: int | None) -> MoviePage:
    """Return the data for the page of a film.

    Raises:
        Movie.DoesNotExist: there is no such film.

    """
    movie = Movie.objects.get(pk=movie_id)
    similar = similar_movies(movie)
    ratings = user_stars(user_id=user_id, movie_ids=[movie_id, *(other.pk for other in similar)])
    return MoviePage(
        movie=movie,
        rating=ratings.get(movie_id),
        trailers=list(movie.trailers.order_by("pk")),
        similar=movie_cards(similar, ratings=ratings),
    )
