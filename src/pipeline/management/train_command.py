"""What the commands that train share: how they tell what came of it."""

from pipeline.management.stage_command import StageCommand
from pipeline.services.training import TrainingReport


class TrainCommand(StageCommand):
    """A command that trains a model, and says what the gate compared."""

    def report_print(self, report: TrainingReport, errors: str) -> str:
        """Print each comparison; return the summary."""
        version = report.version
        self.gate_print(version.gate_report)
        return (
            f"Trained model #{version.pk} on {version.n_ratings:,} ratings of {version.n_users:,} users and "
            f"{version.n_movies:,} movies: {errors}; {'now live' if report.is_live else 'kept as a candidate'}"
        )
