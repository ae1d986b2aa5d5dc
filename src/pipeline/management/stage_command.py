"""Base classes of the commands that run stages of the pipeline."""

import time
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from pipeline.errors import PipelineError
from pipeline.services.training import TrainingReport
from postgres.errors import TableSwitchError

INTERRUPTED = 130


class StageCommand(BaseCommand):
    """A command that runs stages. It reports an error in one sentence; an interrupt changes nothing."""

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run the stages and print how long they took."""
        began = time.perf_counter()
        try:
            summary = self.run_stage(**options)
        except (PipelineError, TableSwitchError) as error:
            raise CommandError(str(error)) from error
        except OperationalError as error:
            message = f"The database failed, and the stage that was running changed nothing: {error}"
            raise CommandError(message) from error
        except KeyboardInterrupt as error:
            raise CommandError(
                "Interrupted; the stage that was running changed nothing.", returncode=INTERRUPTED
            ) from error
        self.stdout.write(f"{summary} ({time.perf_counter() - began:.1f} s)")

    def gate_print(self, report: Mapping[str, Any]) -> None:
        """Print a line for each comparison of the gate."""
        for comparison in report.get("comparisons", []):
            self.stdout.write(f"  {'passed' if comparison['passed'] else 'FAILED'}  {comparison['told']}")
        if report.get("refusal"):
            self.stdout.write(f"  FAILED  {report['refusal']}")
        for note in report.get("notes", []):
            self.stdout.write(f"  {note}")

    @abstractmethod
    def run_stage(self, **options: Any) -> str:
        """Call the service and return a one-line summary."""


class TrainCommand(StageCommand):
    """A command that trains a model and prints the comparisons of the gate."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments of all trainings."""
        parser.add_argument("--seed", type=int, default=0, help="random seed (0)")
        parser.add_argument("--no-promote", action="store_true", help="keep the model as a candidate")

    def report_print(self, report: TrainingReport, errors: str) -> str:
        """Print the comparisons of the gate, and return the summary."""
        version = report.version
        self.gate_print(version.gate_report)
        return (
            f"Trained model #{version.pk} on {version.n_ratings:,} ratings of {version.n_users:,} users and "
            f"{version.n_movies:,} movies: {errors}; {'now live' if report.is_live else 'kept as a candidate'}"
        )
