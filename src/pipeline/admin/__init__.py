"""The admin of exports, pipeline runs and model versions."""

from pipeline.admin import model_version, pipeline_runs

__all__ = ["model_version", "pipeline_runs"]
