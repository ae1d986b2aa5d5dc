"""Rating a film from a page."""

from movies.services.ratings import RatingChange, rating_remove, rating_set


def movie_rate(*, user_id: int, movie_id: int, value: float | None) -> RatingChange:
    """Give, change or (``value=None``) take back a rating.

    Raises:
        InvalidRatingError: ``value`` is not a half-star from 0.5 to 5.0.
        Movie.DoesNotExist: there is no such film.

    """
    if value is None:
        return rating_remove(user_id=user_id, movie_id=movie_id)
    return rating_set(user_id=user_id, movie_id=movie_id, value=value)
