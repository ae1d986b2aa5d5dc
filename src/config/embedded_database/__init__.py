"""Django's PostgreSQL backend for the embedded server, as ``ENGINE = "config.embedded_database"``."""
