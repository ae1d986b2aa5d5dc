"""Makes the settings' own checks known to Django."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Settings as an app: it has no models, only checks of how settings go together."""

    name = "config"
    verbose_name = "Settings"

    def ready(self) -> None:
        """Register the checks."""
        from config import checks  # noqa: F401, PLC0415 - Importing registers them, and must wait for the settings.
