"""What the commands of the stages share: how they end when something goes wrong."""

import time
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from pipeline.errors import PipelineError
from postgres.errors import TableSwitchError

INTERRUPTED = 130


class StageCommand(BaseCommand):
    """A command that runs stages: its errors are sentences, and an interrupt leaves things as they were."""

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run the stages; say how long they took."""
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
        """Print what the gate compared, a line each."""
        for comparison in report.get("comparisons", []):
            self.stdout.write(f"  {'passed' if comparison['passed'] else 'FAILED'}  {comparison['told']}")
        if report.get("refusal"):
            self.stdout.write(f"  FAILED  {report['refusal']}")
        for note in report.get("notes", []):
            self.stdout.write(f"  {note}")

    @abstractmethod
    def run_stage(self, **options: Any) -> str:
        """Call the service and return a one-line summary."""
