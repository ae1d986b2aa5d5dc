"""Films in the admin."""

from collections.abc import Sequence

from django.contrib import admin

from movies.admin.deletion import ServiceDeletedAdmin
from movies.models import ExternalMovie, Movie, Trailer
from movies.services.deletion import movies_delete


class TrailerInline(admin.TabularInline[Trailer, Movie]):
    """A film's trailers."""

    model = Trailer
    extra = 0


class ExternalMovieInline(admin.TabularInline[ExternalMovie, Movie]):
    """A film's ids in data sets."""

    model = ExternalMovie
    extra = 0


@admin.register(Movie)
class MovieAdmin(ServiceDeletedAdmin[Movie]):
    """Films. Their rating figures are computed and cannot be edited."""

    list_display = ("title", "year", "ratings_count", "average", "tmdb_id", "movielens_id", "imdb_id")
    search_fields = ("title", "=tmdb_id", "=movielens_id", "=imdb_id")
    search_help_text = "Part of a title, or a whole TMDB, MovieLens or IMDb id"
    ordering = ("-ratings_count", "-pk")
    show_full_result_count = False
    list_per_page = 50
    inlines = (TrailerInline, ExternalMovieInline)
    readonly_fields = (
        "ratings_count",
        "ratings_average",
        "ratings_standing",
        "ratings_refreshed_at",
        "created_at",
        "updated_at",
    )

    @admin.display(ordering="ratings_standing")
    def average(self, movie: Movie) -> str | None:
        """Return the average with two decimals. The column sorts by standing, which has an index."""
        return None if movie.ratings_average is None else f"{movie.ratings_average:.2f}"

    def rows_delete(self, ids: Sequence[int]) -> None:
        """Delete films."""
        movies_delete(movie_ids=ids)


@admin.register(ExternalMovie)
class ExternalMovieAdmin(admin.ModelAdmin[ExternalMovie]):
    """Films' ids in data sets."""

    list_display = ("source", "external_id", "movie")
    list_select_related = ("movie",)
    raw_id_fields = ("movie",)
    search_fields = ("=external_id", "source__startswith")
    show_full_result_count = False


@admin.register(Trailer)
class TrailerAdmin(admin.ModelAdmin[Trailer]):
    """Trailers."""

    list_display = ("youtube_id", "movie")
    list_select_related = ("movie",)
    raw_id_fields = ("movie",)
    search_fields = ("=youtube_id", "movie__title")
    show_full_result_count = False
