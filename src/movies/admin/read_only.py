"""What the machine made, to be looked at: the pipeline alone changes it."""

from typing import TypeVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from movies.models import SimilarMovies, SuggestionList

ModelT = TypeVar("ModelT", bound=Model)


class ReadOnlyAdmin(admin.ModelAdmin[ModelT]):
    """Shows rows and changes none."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: ModelT | None = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ModelT | None = None) -> bool:
        """Refuse."""
        return False


@admin.register(SuggestionList)
class SuggestionListAdmin(ReadOnlyAdmin[SuggestionList]):
    """Users' suggestions."""

    list_display = ("user", "n_movies", "model_version", "created_at")
    list_select_related = ("user", "model_version")
    search_fields = ("=user__username",)
    search_help_text = "A whole user name"
    ordering = ("-pk",)

    @admin.display(description="films")
    def n_movies(self, row: SuggestionList) -> int:
        """Return how many films are suggested."""
        return len(row.movie_ids)


@admin.register(SimilarMovies)
class SimilarMoviesAdmin(ReadOnlyAdmin[SimilarMovies]):
    """Films like each film."""

    list_display = ("movie", "n_movies", "model_version")
    list_select_related = ("movie", "model_version")
    search_fields = ("movie__title",)
    search_help_text = "Part of a title"
    ordering = ("-pk",)

    @admin.display(description="films like it")
    def n_movies(self, row: SimilarMovies) -> int:
        """Return how many films are like it."""
        return len(row.movie_ids)
