"""``comparemodels``: compare algorithms on the latest export."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from pipeline.management.stage_command import StageCommand
from pipeline.services.comparison import ComparedAlgorithm, Comparison, models_compare
from recommender.algorithms import ALGORITHMS

_ROW = "{:16} {:>8} {:>8} {:>8} {:>9}"


class Command(StageCommand):
    """Trains algorithms on a temporal holdout and prints their metrics."""

    help = "Train algorithms on the older ratings of the latest export, and compare them on the newer ones."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "algorithms",
            nargs="*",
            metavar="ALGORITHM",
            help=f"default: all of {', '.join(ALGORITHMS)}",
        )
        parser.add_argument("--seed", type=int, default=0, help="random seed (0)")
        parser.add_argument("--json", type=Path, metavar="FILE", help="also write the metrics to this file")

    def run_stage(self, **options: Any) -> str:
        """Compare the algorithms and print a line for each as it finishes."""
        unknown = [name for name in options["algorithms"] if name not in ALGORITHMS]
        if unknown:
            raise CommandError(f"There is no algorithm {unknown[0]!r}: choose among {', '.join(ALGORITHMS)}.")
        comparison = models_compare(algorithms=options["algorithms"], seed=options["seed"])
        self.stdout.write(_ROW.format("algorithm", "RMSE", "MAE", "NDCG@10", "training"))
        compared = []
        for each in comparison.run():
            self.stdout.write(_line(each))
            compared.append(each)
        if options["json"] is not None:
            _write_json(options["json"], comparison, compared)
        holdout = comparison.data.holdout
        return (
            f"Compared {len(compared)} algorithms, trained on {len(holdout.train):,} ratings and tested on "
            f"{holdout.n_test:,} later ones of {len(holdout.test_users):,} users"
        )


def _line(each: ComparedAlgorithm) -> str:
    if each.error:
        return f"{each.algorithm:16} {each.error}"
    figures = [each.metrics.get(name) for name in ("rmse", "mae", "ndcg@10")]
    cells = ["-" if figure is None else f"{figure:.4f}" for figure in figures]
    return _ROW.format(each.algorithm, *cells, f"{each.seconds:.1f} s")


def _write_json(path: Path, comparison: Comparison, compared: list[ComparedAlgorithm]) -> None:
    holdout = comparison.data.holdout
    content = {
        "snapshot": comparison.data.snapshot.csv_sha256,
        "seed": comparison.data.seed,
        "n_train": len(holdout.train),
        "n_test": holdout.n_test,
        "n_users": len(holdout.test_users),
        "is_by_time": holdout.moment is not None,
        "algorithms": [each.as_json() for each in compared],
    }
    try:
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path} could not be written ({error.strerror or error}): choose another file.") from error
