"""Films, their ids in data sets, and their trailers."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Cast, ExtractYear, NullIf
from django.urls import reverse

# A film's standing is its average together with this many ratings of this value, so that one 5★ does not top the list.
STANDING_PRIOR_COUNT = 10
STANDING_PRIOR_VALUE = 3.5


class Movie(models.Model):
    """A film. Data sets that contain the same film share its row."""

    id = models.AutoField(primary_key=True)
    tmdb_id = models.PositiveIntegerField(null=True, blank=True, unique=True)
    movielens_id = models.PositiveIntegerField(null=True, blank=True, unique=True)
    # Null if unknown, because nulls do not collide in a unique index.
    imdb_id = models.CharField(max_length=12, null=True, blank=True, unique=True)
    title = models.CharField(max_length=500)
    original_title = models.CharField(max_length=500, blank=True)
    released_at = models.DateField(null=True, blank=True)
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    runtime = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Minutes.")
    overview = models.TextField(blank=True)
    poster_path = models.CharField(max_length=200, blank=True)
    genres = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    keywords = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    cast = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    directors = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    # Figures of the ratings, updated by movies.services.ratings. A double holds sums of half-stars exactly.
    ratings_count = models.PositiveIntegerField(default=0, editable=False)
    ratings_sum = models.FloatField(default=0, editable=False)
    ratings_average = models.GeneratedField(
        expression=F("ratings_sum") / NullIf(Cast(F("ratings_count"), models.FloatField()), Value(0.0)),
        output_field=models.FloatField(null=True),
        db_persist=True,
    )
    ratings_standing = models.GeneratedField(
        expression=(F("ratings_sum") + Value(STANDING_PRIOR_COUNT * STANDING_PRIOR_VALUE))
        / (Cast(F("ratings_count"), models.FloatField()) + Value(float(STANDING_PRIOR_COUNT))),
        output_field=models.FloatField(),
        db_persist=True,
    )
    ratings_refreshed_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="movies_movie_has_title", condition=~Q(title="")),
            models.CheckConstraint(name="movies_movie_imdb_id_form", condition=Q(imdb_id__regex=r"^tt\d{7,10}$")),
            models.CheckConstraint(name="movies_movie_runtime_positive", condition=Q(runtime__gt=0)),
            models.CheckConstraint(name="movies_movie_year_plausible", condition=Q(year__range=(1870, 2200))),
            models.CheckConstraint(
                name="movies_movie_year_is_of_date",
                condition=Q(released_at__isnull=True) | Q(year__isnull=False, year=ExtractYear("released_at")),
            ),
            models.CheckConstraint(
                name="movies_movie_ratings_sum_in_range",
                condition=Q(ratings_sum__gte=F("ratings_count") * 0.5, ratings_sum__lte=F("ratings_count") * 5.0),
            ),
        ]
        indexes = [
            # Each serves an order of the movie list, forwards and backwards.
            models.Index(name="movies_movie_popularity", fields=["ratings_count", "id"]),
            models.Index(
                name="movies_movie_standing", fields=["ratings_standing", "id"], condition=Q(ratings_count__gt=0)
            ),
            models.Index(name="movies_movie_release", fields=["year", "released_at", "id"]),
            # Latest first, films without a date last; the index above would put them first if read backwards.
            models.Index(
                F("year").desc(nulls_last=True),
                F("released_at").desc(nulls_last=True),
                F("id").desc(),
                name="movies_movie_recent",
            ),
            # Serves the selection of the films whose figures were checked longest ago.
            models.Index(F("ratings_refreshed_at").asc(nulls_first=True), F("id").asc(), name="movies_movie_refreshed"),
            # Serves an import's look-up of a film by its title and year.
            models.Index(models.functions.Lower("title"), F("year"), name="movies_movie_title_year"),
            # Serves rows and collections by genre.
            GinIndex(name="movies_movie_genres", fields=["genres"]),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.year})" if self.year else self.title

    def get_absolute_url(self) -> str:
        """Return the address of the film's page."""
        return reverse("movie", args=[self.pk])


class ExternalMovie(models.Model):
    """A film's id in a data set that has its own ids, such as MovieLens 100K."""

    source = models.CharField(max_length=64)
    external_id = models.PositiveIntegerField()
    movie = models.ForeignKey(Movie, on_delete=models.CASCADE, related_name="external_movies")

    class Meta:
        constraints = [
            # Also serves an import's look-up of the films that a data set already brought.
            models.UniqueConstraint(name="movies_externalmovie_unique", fields=["source", "external_id"]),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.external_id}"


class Trailer(models.Model):
    """A film's trailer on YouTube."""

    movie = models.ForeignKey(Movie, on_delete=models.CASCADE, related_name="trailers", db_index=False)
    youtube_id = models.CharField(max_length=20)

    class Meta:
        constraints = [
            # Also serves the trailers of a movie.
            models.UniqueConstraint(name="movies_trailer_unique", fields=["movie", "youtube_id"]),
            models.CheckConstraint(
                name="movies_trailer_youtube_id_form", condition=Q(youtube_id__regex=r"^[\w-]{6,20}$")
            ),
        ]

    def __str__(self) -> str:
        return self.youtube_id
