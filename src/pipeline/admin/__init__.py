"""The administration of exports, pipeline runs and models."""

from pipeline.admin import model_version, pipeline_runs

__all__ = ["model_version", "pipeline_runs"]
