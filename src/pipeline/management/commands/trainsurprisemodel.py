"""``trainsurprisemodel``: train scikit-surprise's SVD on the latest export and let the gate judge the model."""

from typing import Any

from django.core.management.base import CommandParser

from pipeline.management.stage_command import TrainCommand
from pipeline.services.training import surprise_model_train


class Command(TrainCommand):
    """Trains a model."""

    help = "Train scikit-surprise's SVD on the latest export of the ratings, measure it, and let the gate decide."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the hyper-parameters."""
        parser.add_argument("--epochs", type=int, default=20, help="passes over the ratings (20)")
        parser.add_argument("--factors", type=int, default=100, help="factors per user and movie (100)")
        super().add_arguments(parser)

    def run_stage(self, **options: Any) -> str:
        """Train the model and return its metrics."""
        report = surprise_model_train(
            n_epochs=options["epochs"],
            n_factors=options["factors"],
            seed=options["seed"],
            promote=not options["no_promote"],
        )
        metrics = report.version.metrics
        errors = f"RMSE {metrics['rmse']:.4f}, MAE {metrics['mae']:.4f} on {metrics['n_test']:,} ratings held out"
        return self.report_print(report, errors)
