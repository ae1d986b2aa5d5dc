"""Django's own PostgreSQL backend, which starts the embedded server before it connects."""

from collections.abc import Iterable
from typing import Any

from django.db.backends.postgresql import base, client
from django.db.utils import OperationalError

from embedded import EmbeddedServiceError, ensure_postgres, postgres_recover
from embedded.postgres import postgres_binaries


class EmbeddedPostgresError(EmbeddedServiceError, OperationalError):
    """The embedded PostgreSQL cannot run; for Django, a database that cannot be reached."""


class DatabaseClient(client.DatabaseClient):
    """``manage.py dbshell`` with the psql that comes with the embedded server."""

    def runshell(self, parameters: Iterable[str]) -> None:
        """Start the server, then its shell."""
        ensure_postgres()
        self.executable_name = str(postgres_binaries() / "psql")
        super().runshell(parameters)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to the embedded PostgreSQL."""

    client_class = DatabaseClient

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect, starting the server if it does not run and once more if it has just gone."""
        try:
            ensure_postgres()
            try:
                return super().get_new_connection(conn_params)
            except self.Database.OperationalError:
                if not postgres_recover():
                    raise
                return super().get_new_connection(conn_params)
        except EmbeddedServiceError as error:
            raise EmbeddedPostgresError(str(error)) from error
