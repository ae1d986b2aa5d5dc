"""App configuration that registers the system checks of the settings."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The settings as an app, which has system checks and no models."""

    name = "config"
    verbose_name = "Settings"

    def ready(self) -> None:
        """Register the checks."""
        from config import checks  # noqa: F401, PLC0415 - The import registers them, and needs the settings.
