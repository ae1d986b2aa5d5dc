"""Configuration of the movies app."""

from django.apps import AppConfig


class MoviesConfig(AppConfig):
    """The app of films, ratings, suggestion lists and the pages that show them."""

    name = "movies"
