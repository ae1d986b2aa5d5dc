"""Users in the admin. Deleting them updates the figures of the films that they rated."""

from collections.abc import Sequence

from django.contrib import admin

from accounts.admin import UserAdmin
from accounts.models import User
from movies.admin.deletion import ServiceDeletedAdmin
from movies.services.deletion import users_delete


@admin.register(User)
class RaterAdmin(ServiceDeletedAdmin[User], UserAdmin):
    """Users with their ratings."""

    def rows_delete(self, ids: Sequence[int]) -> None:
        """Delete users and their data."""
        users_delete(user_ids=ids)
