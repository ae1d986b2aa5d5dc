"""Ratings."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from movies.fields import RealField
from movies.models.movie import Movie

HALF_STARS: tuple[float, ...] = tuple(half / 2 for half in range(1, 11))


class Rating(models.Model):
    """A user's rating of a film, in half-stars from 0.5 to 5.0."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ratings", db_index=False)
    # The index serves a film's average and the removal of a film.
    movie = models.ForeignKey(Movie, on_delete=models.CASCADE, related_name="ratings")
    value = RealField(choices=[(value, f"{value:g}★") for value in HALF_STARS])
    created_at = models.DateTimeField(default=timezone.now, help_text="When this value was given.")

    class Meta:
        constraints = [
            # Also serves the ratings of a user.
            models.UniqueConstraint(name="movies_rating_unique", fields=["user", "movie"]),
            models.CheckConstraint(name="movies_rating_half_stars", condition=Q(value__in=HALF_STARS)),
        ]

    def __str__(self) -> str:
        return f"{self.value:g}★"
