"""``trainmodel``: train an algorithm on the latest export and let the gate judge the model."""

from itertools import chain
from typing import Any

from django.core.management.base import CommandError, CommandParser

from pipeline.management.stage_command import TrainCommand
from pipeline.services.training import model_train
from recommender.algorithms import ALGORITHMS, parse_settings
from recommender.errors import ConfigError


class Command(TrainCommand):
    """Trains a model."""

    help = "Train an algorithm on the latest export of the ratings, and let the gate decide whether it goes live."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the algorithm and its hyper-parameters."""
        engines = {name: algorithm.engines for name, algorithm in ALGORITHMS.items() if algorithm.engines}
        parser.add_argument("algorithm", choices=list(ALGORITHMS), metavar="ALGORITHM", help=", ".join(ALGORITHMS))
        parser.add_argument(
            "--set",
            action="extend",
            nargs="+",
            default=[],
            metavar="KEY=VALUE",
            help="hyper-parameters that differ from their defaults",
        )
        parser.add_argument(
            "--engine",
            choices=list(chain(*engines.values())),
            help=f"what trains {', '.join(engines)}: implicit on this machine, or Spark at SPARK_MASTER (implicit)",
        )
        parser.add_argument(
            "--search",
            type=int,
            default=0,
            metavar="TRIALS",
            help="first search the hyper-parameters that --set leaves open with this many trials (0)",
        )
        super().add_arguments(parser)

    def run_stage(self, **options: Any) -> str:
        """Train the model and return its metrics."""
        algorithm = options["algorithm"]
        if options["search"] < 0:
            raise CommandError(f"--search is {options['search']}: it must be a number of trials, 0 for no search.")
        try:
            engine = [f"engine={options['engine']}"] if options["engine"] else []
            hyper_parameters = parse_settings(algorithm, [*options["set"], *engine])
        except ConfigError as error:
            raise CommandError(str(error)) from error
        report = model_train(
            algorithm=algorithm,
            hyper_parameters=hyper_parameters,
            seed=options["seed"],
            promote=not options["no_promote"],
            n_trials=options["search"],
        )
        if options["search"]:
            found = (f"{name}={value}" for name, value in report.version.config.items())
            self.stdout.write(f"Settings found: {' '.join(found)}")
        metrics = report.version.metrics
        figures = [f"RMSE {metrics['gate_rmse']:.4f}", f"MAE {metrics['gate_mae']:.4f}"]
        if "gate_ndcg@10" in metrics:
            figures.append(f"NDCG@10 {metrics['gate_ndcg@10']:.4f}")
        return self.report_print(report, f"{', '.join(figures)} on {metrics['gate_n_test']:,} later ratings")
