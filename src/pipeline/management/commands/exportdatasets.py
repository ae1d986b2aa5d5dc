"""``exportdatasets``: write snapshots of the ratings and the movies."""

from typing import Any

from pipeline.management.stage_command import StageCommand
from pipeline.services.exporting import movies_export, ratings_export


class Command(StageCommand):
    """Exports ratings and movies."""

    help = "Write all ratings and movies to new snapshots: CSV, Parquet and a manifest, under EXPORTS_DIR."

    def run_stage(self, **_options: Any) -> str:
        """Export both and return where they are."""
        ratings, movies = ratings_export(), movies_export()
        return f"Exported {ratings.rows:,} ratings to {ratings.folder} and {movies.rows:,} movies to {movies.folder}"
