"""Configuration of the movies app."""

from django.apps import AppConfig


class MoviesConfig(AppConfig):
    """What people touch: the catalogue, ratings, suggestions and the pages that show them."""

    name = "movies"
