"""Configuration of the pipeline app."""

from django.apps import AppConfig


class PipelineConfig(AppConfig):
    """What machines do: exports, training, and writing suggestions."""

    name = "pipeline"
