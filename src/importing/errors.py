"""What can be wrong with a data set as a whole; single bad rows are skipped and reported instead."""

from movies.errors import MoviesError


class DatasetError(MoviesError):
    """A data set that cannot be imported; the message says what is wrong, where, and what to do."""
