"""Model fields for column types that Django lacks."""

from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


class RealField(models.FloatField):  # type: ignore[type-arg]  # FloatField takes no argument at run time
    """A 4-byte float, which holds half-stars exactly and takes four bytes less than a double."""

    def db_type(self, connection: "BaseDatabaseWrapper") -> str:
        """Return PostgreSQL's name of the type."""
        del connection  # The same on every server.
        return "real"
