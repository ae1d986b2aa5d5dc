"""`matinee search`: search for better settings of an algorithm."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recommender.algorithms import Setting, get_algorithm, parse_settings
from recommender.cli.output import check_path, write_json, write_line, write_table
from recommender.cli.parsing import Commands, add_command, add_seed, whole_number
from recommender.cli.test_cases import (
    add_settings_argument,
    add_split_arguments,
    load_catalogue,
    load_ratings,
    make_split,
)
from recommender.progress import show_progress

if TYPE_CHECKING:
    from recommender.data.splits import Split
    from recommender.evaluation.search import Search, SearchResult, Trial

_MEASURES = ("rmse", "ndcg@10")
_EXAMPLES = """
matinee search svd --ratings ratings.csv
matinee search ease --ratings ratings.csv --trials 40 --json trials.json
matinee search als --ratings ratings.csv --measure ndcg@10 --set n_factors=64 device=cpu
"""


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "search",
        summary="search for better settings of an algorithm",
        description=(
            "Tries the defaults, then random settings from the search ranges of the algorithm. Settings that perform\n"
            "badly on a sample of the users are dropped, and a training ends when it stops improving. Measure the\n"
            "result with evaluate, on ratings that were not part of the search."
        ),
        examples=_EXAMPLES,
    )
    parser.add_argument("algorithm", metavar="ALGORITHM", help="algorithm to tune (see: matinee algorithms)")
    add_settings_argument(parser)
    parser.add_argument(
        "--ratings", type=Path, required=True, metavar="FILE", help="ratings to split into training and test"
    )
    add_split_arguments(parser)
    parser.add_argument("--measure", choices=_MEASURES, help="measure to improve (what the algorithm ranks by)")
    count = whole_number(least=1)
    parser.add_argument("--trials", type=count, default=20, metavar="N", help="number of settings to draw (20)")
    parser.add_argument(
        "--patience", type=count, default=3, metavar="N", help="epochs without improvement that end a training (3)"
    )
    parser.add_argument("--ignore-times", action="store_true", help="ignore timestamps")
    parser.add_argument("--movies", type=Path, metavar="FILE", help="genres and keywords: a movies file or a data set")
    add_seed(parser)
    parser.add_argument("--json", type=Path, metavar="OUT", help="write all trials to this file, too")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Search and print the best settings; return the exit status."""
    check_path(arguments.json)
    search = _search(arguments)
    split, split_by = _split(search, arguments)
    with show_progress(f"Searching {search.algorithm}", total=None, unit="trainings") as advance:

        def on_trial(_: "Trial") -> None:
            advance(1)

        result = search.run(split, on_trial)
    if arguments.json is not None:
        write_json(arguments.json, _as_json(result, search, split_by))
    write_table(*_table(result))
    write_line()
    write_line(_describe_best(result))
    return 0


def _search(arguments: argparse.Namespace) -> "Search":
    from recommender.evaluation.gate import Measure  # noqa: PLC0415 - see Command.
    from recommender.evaluation.search import Search  # noqa: PLC0415

    name = get_algorithm(arguments.algorithm).name
    return Search(
        algorithm=name,
        n_trials=arguments.trials,
        seed=arguments.seed,
        patience=arguments.patience,
        measure=None if arguments.measure is None else Measure(arguments.measure),
        fixed=parse_settings(name, arguments.settings),
        catalogue=load_catalogue(arguments),
    )


def _split(search: "Search", arguments: argparse.Namespace) -> "tuple[Split, str]":
    """Split by time for stars and by the last rating of each user for rankings; at random without times."""
    from recommender.data.splits import one_out_split  # noqa: PLC0415 - see Command.
    from recommender.evaluation.gate import Measure  # noqa: PLC0415
    from recommender.evaluation.search import measure_for  # noqa: PLC0415

    ratings = load_ratings(arguments.ratings, arguments)
    if arguments.split is None and measure_for(search.algorithm, search.measure) is Measure.ORDER:
        if ratings.times is None:
            return one_out_split(ratings, seed=arguments.seed), "one of each user"
        arguments.split = "last"
    return make_split(ratings, arguments)


def _table(result: "SearchResult") -> tuple[Sequence[str], list[Sequence[str]]]:
    """Return a table of all trials, those on most users first, of those the best first, which has a star."""
    tuned = sorted({name for trial in result.trials for name in trial.settings})
    header = ("", "trial", *tuned, "epochs", "users", str(result.measure), "seconds")
    rows: list[Sequence[str]] = []
    for trial in _rank_trials(result):
        value = "diverged" if trial.value is None else f"{trial.value:.4f}"
        epochs = "" if trial.best_epoch is None else f"{trial.best_epoch} of {trial.n_epochs}"
        settings = [_format_setting(trial.settings[name]) if name in trial.settings else "" for name in tuned]
        number = "defaults" if trial.number == 0 else str(trial.number)
        star = "*" if trial is result.best else ""
        rows.append((star, number, *settings, epochs, f"{trial.share:.0%}", value, f"{trial.seconds:.1f}"))
    return header, rows


def _rank_trials(result: "SearchResult") -> "list[Trial]":
    less_is_better = result.measure == "rmse"

    def place(trial: "Trial") -> tuple[float, bool, float]:
        value = 0.0 if trial.value is None else trial.value
        return -trial.share, trial.value is None, value if less_is_better else -value

    return sorted(result.trials, key=place)


def _describe_best(result: "SearchResult") -> str:
    best, defaults = result.best, result.trials[0]
    if not best.best_settings:
        return f"No settings are better than the defaults of {result.algorithm}."
    gain = "" if defaults.value is None else f" (defaults {defaults.value:.4f})"
    return (
        f"The best settings have {result.measure} {best.value:.4f}{gain}. To use them:\n"
        f"  --algorithm {result.algorithm} --set {_assignments(best.best_settings)}"
    )


def _as_json(result: "SearchResult", search: "Search", split_by: str) -> Mapping[str, Any]:
    return {
        "algorithm": result.algorithm,
        "measure": str(result.measure),
        "split": split_by,
        "seed": search.seed,
        "patience": search.patience,
        "best": {"number": result.best.number, "value": result.best.value, "settings": dict(result.best.best_settings)},
        "set": _assignments(result.best.best_settings),
        "trials": [{**asdict(trial), "settings": dict(trial.settings)} for trial in result.trials],
    }


def _assignments(settings: Mapping[str, Setting]) -> str:
    return " ".join(f"{name}={_format_setting(value)}" for name, value in settings.items())


def _format_setting(value: Setting) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
