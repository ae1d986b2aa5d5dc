"""Read-only admin of the lists that the pipeline writes."""

from typing import TypeVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from movies.models import SimilarMovies, SuggestionList

ModelT = TypeVar("ModelT", bound=Model)
ListT = TypeVar("ListT", SuggestionList, SimilarMovies)


class ReadOnlyAdmin(admin.ModelAdmin[ModelT]):
    """Shows rows without letting anyone change them."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: ModelT | None = None) -> bool:
        """Refuse."""
        return False

    has_delete_permission = has_change_permission


class MovieListAdmin(ReadOnlyAdmin[ListT]):
    """Lists of films."""

    ordering = ("-pk",)

    @admin.display(description="films")
    def n_movies(self, row: ListT) -> int:
        """Return how many films are listed."""
        return len(row.movie_ids)


@admin.register(SuggestionList)
class SuggestionListAdmin(MovieListAdmin[SuggestionList]):
    """Users' suggestions."""

    list_display = ("user", "n_movies", "model_version", "created_at")
    list_select_related = ("user", "model_version")
    search_fields = ("=user__username",)
    search_help_text = "A whole user name"


@admin.register(SimilarMovies)
class SimilarMoviesAdmin(MovieListAdmin[SimilarMovies]):
    """Lists of similar films."""

    list_display = ("movie", "n_movies", "model_version")
    list_select_related = ("movie", "model_version")
    search_fields = ("movie__title",)
    search_help_text = "Part of a title"
