"""Configuration of the pipeline app."""

from django.apps import AppConfig


class PipelineConfig(AppConfig):
    """What machines do: exports, training, and writing suggestions."""

    name = "pipeline"

    def ready(self) -> None:
        """Register the checks."""
        from pipeline import checks  # noqa: F401, PLC0415 - settings are read by then.
