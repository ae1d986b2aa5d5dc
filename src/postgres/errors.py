"""Errors of this package."""


class TableSwitchError(Exception):
    """A table could not be rebuilt or switched; the old one is unchanged."""
