"""Configuration of the pipeline app."""

from django.apps import AppConfig


class PipelineConfig(AppConfig):
    """The app of exports, training and suggestion lists."""

    name = "pipeline"

    def ready(self) -> None:
        """Register the checks."""
        from pipeline import checks  # noqa: F401, PLC0415 - The import registers them, and needs the settings.
