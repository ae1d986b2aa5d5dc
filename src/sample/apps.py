"""Configuration of the sample app."""

from django.apps import AppConfig


class SampleConfig(AppConfig):
    """Sample data: a catalogue of real films, a generated crowd and a demo user."""

    name = "sample"
