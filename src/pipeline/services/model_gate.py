"""Judging whether a candidate may take the place of the live model."""

from movies.models import ModelVersion
from pipeline.gate_report import GateReport
from pipeline.services.evaluation import algorithm_evaluate
from pipeline.training_data import TrainingData, config_make
from recommender.errors import RecommenderError
from recommender.evaluation.gate import Comparison, Rival, against_live, against_popularity
from recommender.evaluation.temporal_holdout import Performance


def candidate_judge(version: ModelVersion, data: TrainingData, performance: Performance) -> GateReport:
    """Compare a candidate with popularity and with the live model, and store the report with it.

    All algorithms are trained again, with their configurations, on the past part of the holdout: the live model itself
    has seen the ratings of the test.
    """
    config = config_make("popularity", {}, seed=0)
    comparisons = against_popularity(performance, algorithm_evaluate("popularity", config, data))
    live = ModelVersion.objects.filter(state=ModelVersion.State.LIVE).first()
    compared, notes = ([], []) if live is None else _live_compare(version, performance, live, data)
    report = GateReport(
        comparisons=[*comparisons, *compared],
        notes=notes,
        live_id=None if live is None else live.pk,
        snapshot=data.snapshot.csv_sha256,
        holdout=data.holdout,
    )
    version.gate_report = report.as_json()
    version.save(update_fields=["gate_report"])
    return report


def _live_compare(
    version: ModelVersion, performance: Performance, live: ModelVersion, data: TrainingData
) -> tuple[list[Comparison], list[str]]:
    same_algorithm = version.algorithm == live.algorithm
    if same_algorithm and version.config == live.config:
        return [], [f"The live model #{live.pk} has the same configuration and older ratings."]
    try:
        rival = Rival(f"the live {live}", algorithm_evaluate(live.algorithm, live.config, data))
    except RecommenderError as error:
        return [], [f"The live {live} cannot be trained again, so it was not compared: {error}"]
    return against_live(performance, rival, same_algorithm=same_algorithm), []
