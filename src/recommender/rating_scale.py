"""The scale of ratings."""

RATING_SCALE = (0.5, 5.0)
"""Lowest and highest rating, in stars; ratings are half-stars."""
