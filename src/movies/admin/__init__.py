"""The administration of films, ratings, users and what the machine made."""

from movies.admin import machine, movie, rating, user

__all__ = ["machine", "movie", "rating", "user"]
