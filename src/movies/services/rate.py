"""What happens when somebody rates: the rating is stored, and then their suggestions follow it."""

import logging

from movies.services.ratings import RatingChange, rating_remove, rating_set
from movies.services.suggestions import suggestion_list_refresh

logger = logging.getLogger(__name__)


def movie_rate(*, user_id: int, movie_id: int, value: float | None) -> RatingChange:
    """Give, change or (with ``None``) take back a rating, and refresh the user's suggestions.

    The rating is stored before the suggestions are touched: whatever goes wrong there is logged and costs no rating.

    Raises:
        InvalidRatingError: ``value`` is not a half-star from 0.5 to 5.0.
        Movie.DoesNotExist: there is no such film.

    """
    if value is None:
        change = rating_remove(user_id=user_id, movie_id=movie_id)
    else:
        change = rating_set(user_id=user_id, movie_id=movie_id, value=value)
    try:
        suggestion_list_refresh(user_id=user_id)
    except Exception:
        logger.exception("The suggestions of user %s could not be refreshed; the next full refresh will.", user_id)
    return change
