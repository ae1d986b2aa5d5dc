"""Judging whether a candidate may take the place of the live model."""

from dataclasses import replace

from movies.models import ModelVersion
from pipeline.gate_report import GateReport
from pipeline.services.evaluation import algorithm_evaluate, config_of
from recommender.errors import RecommenderError
from recommender.evaluation.gate import Rival, against_live, against_popularity
from recommender.evaluation.temporal_holdout import Performance, TemporalHoldout


def candidate_judge(
    version: ModelVersion, performance: Performance, holdout: TemporalHoldout, *, snapshot_checksum: str
) -> GateReport:
    """Compare a candidate with popularity and with the live model, and store the report with it.

    What is compared are algorithms with their configurations, all trained anew on the past part of the rehearsal: the
    live model itself has seen the ratings that are asked about.
    """
    config = config_of("popularity", {}, seed=0)
    live = ModelVersion.objects.filter(state=ModelVersion.State.LIVE).first()
    report = GateReport(
        comparisons=against_popularity(performance, algorithm_evaluate("popularity", config, holdout)),
        live_id=None if live is None else live.pk,
        snapshot=snapshot_checksum,
        holdout=holdout,
    )
    if live is not None:
        report = _live_compared(report, version, performance, live)
    version.gate_report = report.as_json()
    version.save(update_fields=["gate_report"])
    return report


def _live_compared(
    report: GateReport, version: ModelVersion, performance: Performance, live: ModelVersion
) -> GateReport:
    """Add the comparison with the live model, or why there is none: needless, or impossible and so a refusal."""
    same_algorithm = version.algorithm == live.algorithm
    if same_algorithm and version.config == live.config:
        return replace(report, notes=[f"The live model #{live.pk} has the same configuration and older ratings."])
    try:
        rival = Rival(f"the live {live}", algorithm_evaluate(live.algorithm, live.config, report.holdout))
    except RecommenderError as error:
        refusal = (
            f"The live {live} cannot be trained again, so the candidate cannot be compared with it: {error} "
            f"Remove the cause and run promotemodel {version.pk}, or overrule the gate with "
            f"promotemodel {version.pk} --force REASON."
        )
        return replace(report, refusal=refusal)
    compared = against_live(performance, rival, same_algorithm=same_algorithm)
    return replace(report, comparisons=[*report.comparisons, *compared])
