"""Errors of the catalogue and its ratings; each message says what happened and what to do."""


class MoviesError(Exception):
    """Base of everything that this app raises on purpose."""


class InvalidRatingError(MoviesError, ValueError):
    """A value that is no half-star from 0.5 to 5.0."""
