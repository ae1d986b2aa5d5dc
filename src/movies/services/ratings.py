"""Writing ratings, and updating the count and sum of each film's stars."""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from movies.errors import InvalidRatingError
from movies.models import Movie, Rating
from movies.models.rating import HALF_STARS
from movies.services.suggestions import suggestion_list_refresh

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RatingChange:
    """The value of a rating before and after a change; ``None`` means no rating."""

    before: float | None
    after: float | None


def movie_rate(*, user_id: int, movie_id: int, value: float | None) -> RatingChange:
    """Set a rating, or remove it with ``None``, and refresh the user's suggestions.

    1. Store the rating and the new figures of the film.
    2. Refresh the suggestion list. An error is logged, and the rating stays.

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


def rating_set(*, user_id: int, movie_id: int, value: float, at: datetime | None = None) -> RatingChange:
    """Add or change a rating.

    Raises:
        InvalidRatingError: ``value`` is not a half-star from 0.5 to 5.0.
        Movie.DoesNotExist: there is no such film.

    """
    if value not in HALF_STARS:
        message = f"A rating must be one of 0.5, 1, 1.5 … 5 stars, not {value!r}."
        raise InvalidRatingError(message)
    with transaction.atomic():
        # Lock the film first, so that two raters of one film wait for each other without a deadlock. The lock does not
        # include the key, so that an import can add ratings of the film.
        Movie.objects.select_for_update(no_key=True).only("pk").get(pk=movie_id)
        existing = Rating.objects.filter(user_id=user_id, movie_id=movie_id).first()
        Rating.objects.update_or_create(
            user_id=user_id, movie_id=movie_id, defaults={"value": value, "created_at": at or timezone.now()}
        )
        before = existing.value if existing else None
        _figures_shift(movie_id=movie_id, count=0 if existing else 1, stars=value - (before or 0.0))
        _change_note(user_id=user_id)
    return RatingChange(before=before, after=value)


def rating_remove(*, user_id: int, movie_id: int) -> RatingChange:
    """Remove a rating, if there is one.

    Raises:
        Movie.DoesNotExist: there is no such film.

    """
    with transaction.atomic():
        Movie.objects.select_for_update(no_key=True).only("pk").get(pk=movie_id)
        existing = Rating.objects.filter(user_id=user_id, movie_id=movie_id).first()
        if existing is None:
            return RatingChange(before=None, after=None)
        existing.delete()
        _figures_shift(movie_id=movie_id, count=-1, stars=-existing.value)
        _change_note(user_id=user_id)
    return RatingChange(before=existing.value, after=None)


def _change_note(*, user_id: int) -> None:
    """Record the time of the change by the database server's clock, so that times from all hosts can be compared."""
    User.objects.filter(pk=user_id).update(ratings_changed_at=Now())


def _figures_shift(*, movie_id: int, count: int, stars: float) -> None:
    Movie.objects.filter(pk=movie_id).update(
        ratings_count=F("ratings_count") + count, ratings_sum=F("ratings_sum") + stars
    )
