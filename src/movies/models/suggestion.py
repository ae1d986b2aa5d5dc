"""Suggestion lists: one row per user, so that the home page needs one indexed read."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Func
from django.db.models.lookups import Exact
from django.utils import timezone

from movies.fields import RealField
from movies.models.model_version import ModelVersion


class Cardinality(Func):
    """The number of elements of an array; zero for an empty one."""

    function = "cardinality"
    output_field = models.IntegerField()


class SuggestionList(models.Model):
    """The films suggested to a user, best first, with their predicted stars. A refresh replaces the whole table.

    The order is the model's, which can differ from the order of the stars.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="suggestion_list"
    )
    movie_ids = ArrayField(models.IntegerField())
    scores = ArrayField(RealField(), help_text="Predicted stars, in the order of the films.")
    # No index, because a version is deleted rarely and an index would slow down every refresh.
    model_version = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, related_name="suggestion_lists", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        # Serves the search for lists written during a refresh, for which readers wait. It takes a few kilobytes.
        indexes = [BrinIndex(fields=["created_at"], name="movies_suggestionlist_newest")]
        constraints = [
            models.CheckConstraint(
                name="movies_suggestionlist_score_per_movie",
                condition=Exact(Cardinality(F("movie_ids")), Cardinality(F("scores"))),
            ),
        ]

    def __str__(self) -> str:
        return f"suggestions for user {self.user_id}"
