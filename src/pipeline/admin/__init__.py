"""The administration of exports, pipeline runs and models."""

from pipeline.admin import machine, model_version

__all__ = ["machine", "model_version"]
