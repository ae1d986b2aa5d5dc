"""Users in the admin: the household by default, the crowd on request."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import User

if TYPE_CHECKING:
    from django.contrib.admin.filters import _ListFilterChoices


class UserAddForm(AdminUserCreationForm[User]):
    """Django's form for this project's user model."""

    class Meta(AdminUserCreationForm.Meta):
        model = User


class KindFilter(admin.SimpleListFilter):
    """Excludes the crowd by default, so that the page does not count hundreds of thousands of users."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: "admin.ModelAdmin[Any]") -> list[tuple[str, str]]:
        """Return the choices after the default."""
        return [(str(kind.value), str(kind.label)) for kind in User.Kind]

    def choices(self, changelist: ChangeList) -> Iterator["_ListFilterChoices"]:
        """Name the default choice, which Django calls “All”."""
        for number, choice in enumerate(super().choices(changelist)):
            if number == 0:
                choice["display"] = "household"
            yield choice

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        """Return the users of the chosen kind."""
        return queryset.filter(kind=self.value()) if self.value() else queryset.exclude(kind=User.Kind.CROWD)


class UserAdmin(DjangoUserAdmin[User]):
    """Users. ``movies`` registers this class, because deleting users changes the figures of films."""

    add_form = UserAddForm
    list_display = ("username", "email", "kind", "is_staff", "is_active", "date_joined", "last_login")
    list_filter = (KindFilter, "is_staff")
    search_fields = ("username__startswith", "email__startswith")
    search_help_text = "The beginning of a user name or an e-mail address"
    ordering = ("-pk",)
    show_full_result_count = False
    readonly_fields = ("kind", "crowd_source", "crowd_key", "ratings_changed_at", "last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password", "email")}),
        ("Rater", {"fields": ("kind", "crowd_source", "crowd_key", "ratings_changed_at")}),
        ("Permissions", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
