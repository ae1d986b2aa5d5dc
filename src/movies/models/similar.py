"""Lists of similar films."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F
from django.db.models.lookups import Exact

from movies.fields import RealField
from movies.models.model_version import ModelVersion
from movies.models.movie import Movie
from movies.models.suggestion import Cardinality


class SimilarMovies(models.Model):
    """The films most similar to a film, most similar first. A refresh replaces all rows at once."""

    movie = models.OneToOneField(Movie, on_delete=models.CASCADE, primary_key=True, related_name="similar")
    movie_ids = ArrayField(models.IntegerField())
    scores = ArrayField(RealField(), help_text="How alike, at most 1, in the order of the films.")
    # No index: a version is deleted rarely.
    model_version = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, related_name="similar_movies", db_index=False
    )

    class Meta:
        verbose_name_plural = "similar movies"
        constraints = [
            models.CheckConstraint(
                name="movies_similarmovies_score_per_movie",
                condition=Exact(Cardinality(F("movie_ids")), Cardinality(F("scores"))),
            ),
        ]

    def __str__(self) -> str:
        return f"films like film {self.movie_id}"
