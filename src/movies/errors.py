"""Errors of the movies app. Each message says what happened and what to do."""


class MoviesError(Exception):
    """Base class of this app's errors."""


class InvalidRatingError(MoviesError, ValueError):
    """A rating is not a half-star from 0.5 to 5.0."""
