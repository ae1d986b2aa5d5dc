"""Judging whether a candidate may take the place of the live model."""

from dataclasses import replace

from movies.models import ModelVersion
from pipeline.gate_report import GateReport
from pipeline.services.evaluation import algorithm_evaluate
from pipeline.training_data import TrainingData, config_make
from recommender.errors import RecommenderError
from recommender.evaluation.gate import Rival, against_live, against_popularity
from recommender.evaluation.temporal_holdout import Performance


def candidate_judge(version: ModelVersion, data: TrainingData, performance: Performance) -> GateReport:
    """Compare a candidate with popularity and with the live model, and store the report with it.

    All algorithms are trained again, with their configurations, on the past part of the holdout: the live model itself
    has seen the ratings of the test.
    """
    config = config_make("popularity", {}, seed=0)
    live = ModelVersion.objects.filter(state=ModelVersion.State.LIVE).first()
    report = GateReport(
        comparisons=against_popularity(performance, algorithm_evaluate("popularity", config, data)),
        live_id=None if live is None else live.pk,
        snapshot=data.snapshot.csv_sha256,
        holdout=data.holdout,
    )
    if live is not None:
        report = _live_compare(report, version, data, performance, live)
    version.gate_report = report.as_json()
    version.save(update_fields=["gate_report"])
    return report


def _live_compare(
    report: GateReport, version: ModelVersion, data: TrainingData, performance: Performance, live: ModelVersion
) -> GateReport:
    """Add the comparison with the live model, or why there is none: not needed, or impossible, which is a refusal."""
    same_algorithm = version.algorithm == live.algorithm
    if same_algorithm and version.config == live.config:
        return replace(report, notes=[f"The live model #{live.pk} has the same configuration and older ratings."])
    try:
        rival = Rival(f"the live {live}", algorithm_evaluate(live.algorithm, live.config, data))
    except RecommenderError as error:
        refusal = (
            f"The live {live} cannot be trained again, so the candidate cannot be compared with it: {error} "
            f"Remove the cause and run promotemodel {version.pk}, or overrule the gate with "
            f"promotemodel {version.pk} --force REASON."
        )
        return replace(report, refusal=refusal)
    compared = against_live(performance, rival, same_algorithm=same_algorithm)
    return replace(report, comparisons=[*report.comparisons, *compared])
