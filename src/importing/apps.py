"""Configuration of the importing app."""

from django.apps import AppConfig


class ImportingConfig(AppConfig):
    """What comes in from files: data sets and their loading."""

    name = "importing"
