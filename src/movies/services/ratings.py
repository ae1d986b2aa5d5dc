"""Writing ratings, and keeping each film's count and sum of stars right with them."""

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


@dataclass(frozen=True)
class RatingChange:
    """What a call changed: the value before and after, ``None`` where there was or is no rating."""

    before: float | None
    after: float | None


def rating_set(*, user_id: int, movie_id: int, value: float, at: datetime | None = None) -> RatingChange:
    """Give or change one rating.

    Raises:
        InvalidRatingError: ``value`` is not a half-star from 0.5 to 5.0.
        Movie.DoesNotExist: there is no such film.

    """
    if value not in HALF_STARS:
        message = f"A rating must be one of 0.5, 1, 1.5 … 5 stars, not {value!r}."
        raise InvalidRatingError(message)
    with transaction.atomic():
        # The film's row is locked first, so that two raters of one film wait for each other and never deadlock;
        # its key is left alone, so that nobody waits for an import that adds ratings of the film.
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
    """Take a rating back; nothing happens where there is none.

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
    """Stamp the change by the server's clock, whatever date the rating itself bears: machines compare the stamp."""
    User.objects.filter(pk=user_id).update(ratings_changed_at=Now())


def _figures_shift(*, movie_id: int, count: int, stars: float) -> None:
    Movie.objects.filter(pk=movie_id).update(
        ratings_count=F("ratings_count") + count, ratings_sum=F("ratings_sum") + stars
    )
