"""Ratings in the admin: each change goes through the services, so that films' figures stay right."""

from collections.abc import Sequence

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from movies.admin.deletion import ServiceDeletedAdmin
from movies.models import Rating
from movies.services.deletion import ratings_delete
from movies.services.ratings import rating_set


@admin.register(Rating)
class RatingAdmin(ServiceDeletedAdmin[Rating]):
    """Ratings; who gave which film one is settled when it is added."""

    list_display = ("user", "movie", "value", "created_at")
    list_select_related = ("user", "movie")
    list_filter = ("value",)
    raw_id_fields = ("user", "movie")
    readonly_fields = ("created_at",)
    search_fields = ("=user__username", "=movie__title")
    search_help_text = "A whole user name or a whole title"
    ordering = ("-pk",)
    show_full_result_count = False

    def get_readonly_fields(self, request: HttpRequest, obj: Rating | None = None) -> tuple[str, ...]:
        """Leave only the stars to change."""
        return ("user", "movie", *self.readonly_fields) if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Rating, form: forms.ModelForm[Rating], change: bool) -> None:  # noqa: FBT001  # Django's signature
        """Set the rating, and let the admin know its id."""
        rating_set(user_id=obj.user_id, movie_id=obj.movie_id, value=obj.value)
        obj.pk = Rating.objects.only("pk").get(user_id=obj.user_id, movie_id=obj.movie_id).pk

    def rows_delete(self, ids: Sequence[int]) -> None:
        """Take ratings back."""
        ratings_delete(rating_ids=ids)
