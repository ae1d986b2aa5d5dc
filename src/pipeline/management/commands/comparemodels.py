"""``comparemodels``: all algorithms side by side on the latest export."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from pipeline.management.stage_command import StageCommand
from pipeline.services.comparison import ComparedAlgorithm, ComparisonReport, models_compare
from recommender.algorithms import ALGORITHMS

_ROW = "{:16} {:>8} {:>8} {:>8} {:>9}"


class Command(StageCommand):
    """Compares algorithms."""

    help = "Train algorithms, with their defaults, on the past of the latest export, and compare them on its future."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare which."""
        parser.add_argument(
            "algorithms", nargs="*", metavar="ALGORITHM", help=f"all without any: {', '.join(ALGORITHMS)}"
        )
        parser.add_argument("--seed", type=int, default=0, help="seed of all that is drawn (0)")
        parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")

    def run_stage(self, **options: Any) -> str:
        """Compare them, a line each as they come."""
        unknown = [name for name in options["algorithms"] if name not in ALGORITHMS]
        if unknown:
            raise CommandError(f"There is no algorithm {unknown[0]!r}: choose among {', '.join(ALGORITHMS)}.")
        contest = models_compare(algorithms=options["algorithms"], seed=options["seed"])
        self.stdout.write(_ROW.format("algorithm", "RMSE", "MAE", "NDCG@10", "training"))
        contestants = []
        for contestant in contest.held():
            self.stdout.write(_line(contestant))
            contestants.append(contestant)
        if options["json"] is not None:
            _json_write(options["json"], contest, contestants)
        holdout = contest.holdout
        return (
            f"Compared {len(contestants)} algorithms, trained on {len(holdout.train):,} ratings and asked about "
            f"{holdout.n_asked:,} later ones of {len(holdout.test_users):,} users"
        )


def _line(contestant: ComparedAlgorithm) -> str:
    if contestant.error:
        return f"{contestant.algorithm:16} {contestant.error}"
    figures = [contestant.metrics.get(name) for name in ("rmse", "mae", "ndcg@10")]
    cells = ["-" if figure is None else f"{figure:.4f}" for figure in figures]
    return _ROW.format(contestant.algorithm, *cells, f"{contestant.seconds:.1f} s")


def _json_write(path: Path, contest: ComparisonReport, contestants: list[ComparedAlgorithm]) -> None:
    holdout = contest.holdout
    content = {
        "snapshot": contest.snapshot,
        "seed": contest.seed,
        "n_train": len(holdout.train),
        "n_test": holdout.n_asked,
        "n_users": len(holdout.test_users),
        "is_by_time": holdout.moment is not None,
        "algorithms": [contestant.as_json() for contestant in contestants],
    }
    try:
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise CommandError(
            f"{path} could not be written ({error.strerror or error}): name a file that can be."
        ) from error
