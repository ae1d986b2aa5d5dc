"""Judging whether a candidate may take the place of the live model."""

from movies.models import ModelVersion
from pipeline.gate_report import GateReport
from pipeline.services.evaluation import algorithm_evaluate, config_of
from recommender.errors import RecommenderError
from recommender.evaluation.gate import Comparison, Rival, against_live, against_popularity
from recommender.evaluation.temporal_holdout import Performance, TemporalHoldout


def candidate_judge(
    version: ModelVersion, performance: Performance, holdout: TemporalHoldout, *, snapshot_checksum: str
) -> GateReport:
    """Compare a candidate with popularity and with the live model, and store the report with it.

    What is compared are algorithms with their configurations, all trained anew on the past part of the rehearsal: the
    live model itself has seen the ratings that are asked about.
    """
    config = config_of("popularity", {}, seed=0)
    comparisons = against_popularity(performance, algorithm_evaluate("popularity", config, holdout))
    live = ModelVersion.objects.filter(state=ModelVersion.State.LIVE).first()
    compared, notes = ([], []) if live is None else _live_compare(version, performance, live, holdout)
    report = GateReport(
        comparisons=[*comparisons, *compared],
        notes=notes,
        live_id=None if live is None else live.pk,
        snapshot=snapshot_checksum,
        holdout=holdout,
    )
    version.gate_report = report.as_json()
    version.save(update_fields=["gate_report"])
    return report


def _live_compare(
    version: ModelVersion, performance: Performance, live: ModelVersion, holdout: TemporalHoldout
) -> tuple[list[Comparison], list[str]]:
    same_algorithm = version.algorithm == live.algorithm
    if same_algorithm and version.config == live.config:
        return [], [f"The live model #{live.pk} has the same configuration and older ratings."]
    try:
        rival = Rival(f"the live {live}", algorithm_evaluate(live.algorithm, live.config, holdout))
    except RecommenderError as error:
        return [], [f"The live {live} cannot be trained again, so it was not compared: {error}"]
    return against_live(performance, rival, same_algorithm=same_algorithm), []
