"""Ratings in the admin. Each change goes through a service, which updates the film's figures."""

from collections.abc import Sequence

from django import forms
from django.contrib import admin
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from accounts.models import User
from movies.admin.deletion import ServiceDeletedAdmin
from movies.models import Movie, Rating
from movies.services.deletion import ratings_delete
from movies.services.ratings import rating_set

# Below this number of rows, an exact count is fast.
ESTIMATE_FROM = 100_000


class EstimatingPaginator(Paginator[Rating]):
    """Uses PostgreSQL's estimate of the number of ratings, since counting tens of millions is slow."""

    @cached_property
    def count(self) -> int:
        """The number of rows, estimated if the list is long and not filtered."""
        ratings = self.object_list
        if isinstance(ratings, QuerySet) and not ratings.query.where:
            with connection.cursor() as cursor:
                cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'movies_rating'::regclass")
                estimate = int(cursor.fetchone()[0])
            if estimate > ESTIMATE_FROM:
                return estimate
        return super().count


@admin.register(Rating)
class RatingAdmin(ServiceDeletedAdmin[Rating]):
    """Ratings. The user and the film of a rating cannot be changed after it was added."""

    list_display = ("user", "movie", "value", "created_at")
    list_select_related = ("user", "movie")
    raw_id_fields = ("user", "movie")
    readonly_fields = ("created_at",)
    # Shows the search box; get_search_results does the search.
    search_fields = ("user", "movie")
    search_help_text = "A whole user name or a whole title"
    ordering = ("-pk",)
    show_full_result_count = False
    paginator = EstimatingPaginator

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Rating], search_term: str
    ) -> tuple[QuerySet[Rating], bool]:
        """Find the users and films first, because a join over millions of ratings would take seconds."""
        name = search_term.strip()
        if not name:
            return queryset, False
        raters = list(User.objects.filter(username=name).values_list("pk", flat=True))
        movies = list(Movie.objects.filter(title__iexact=name).values_list("pk", flat=True))
        return queryset.filter(Q(user__in=raters) | Q(movie__in=movies)), False

    def get_readonly_fields(self, request: HttpRequest, obj: Rating | None = None) -> tuple[str, ...]:
        """Allow only the stars of an existing rating to be changed."""
        return ("user", "movie", *self.readonly_fields) if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Rating, form: forms.ModelForm[Rating], change: bool) -> None:  # noqa: FBT001  # Django's signature
        """Set the rating, and tell the admin its id."""
        rating_set(user_id=obj.user_id, movie_id=obj.movie_id, value=obj.value)
        obj.pk = Rating.objects.only("pk").get(user_id=obj.user_id, movie_id=obj.movie_id).pk

    def rows_delete(self, ids: Sequence[int]) -> None:
        """Delete ratings."""
        ratings_delete(rating_ids=ids)
