"""Deletion in the admin through services, without listing the thousands of dependent rows."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

ModelT = TypeVar("ModelT", bound=Model)


class ServiceDeletedAdmin(admin.ModelAdmin[ModelT]):
    """Deletes through ``rows_delete``, which updates dependent figures, and asks for confirmation with names alone."""

    def rows_delete(self, ids: Sequence[int]) -> None:
        """Delete the rows with these ids through a service."""
        raise NotImplementedError

    def get_deleted_objects(
        self, objs: Iterable[ModelT], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Return the names of the rows, their number, and the missing permission, if any. No row is protected."""
        names = [str(row) for row in objs]
        label = str(self.opts.verbose_name)
        forbidden = set() if self.has_delete_permission(request) else {label}
        return names, {str(self.opts.verbose_name_plural): len(names)}, forbidden, []

    def delete_model(self, request: HttpRequest, obj: ModelT) -> None:
        """Delete one row."""
        self.rows_delete([obj.pk])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ModelT]) -> None:
        """Delete the chosen rows."""
        self.rows_delete(list(queryset.values_list("pk", flat=True)))
