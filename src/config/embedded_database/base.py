"""Django's own PostgreSQL backend, which starts the embedded server before it connects."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base, client
from django.db.utils import OperationalError

from embedded import EmbeddedServiceError, ensure_postgres, postgres_recover
from embedded.postgres import postgres_binaries


class EmbeddedPostgresError(EmbeddedServiceError, OperationalError):
    """The embedded PostgreSQL cannot run. To Django, this is a database that cannot be reached."""


class DatabaseClient(client.DatabaseClient):
    """``manage.py dbshell`` with the psql of the embedded server."""

    def runshell(self, parameters: Iterable[str]) -> None:
        """Start the server, then its shell."""
        ensure_postgres(settings.VAR_DIR)
        self.executable_name = str(postgres_binaries() / "psql")
        super().runshell(parameters)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to the embedded PostgreSQL."""

    client_class = DatabaseClient

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect. Start the server if it is not running, and once more if it has just ended."""
        try:
            ensure_postgres(settings.VAR_DIR)
            try:
                return super().get_new_connection(conn_params)
            except self.Database.OperationalError:
                if not postgres_recover(settings.VAR_DIR):
                    raise
                return super().get_new_connection(conn_params)
        except EmbeddedServiceError as error:
            raise EmbeddedPostgresError(str(error)) from error
