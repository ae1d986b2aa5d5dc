"""Judging whether a candidate may replace the live model, and the report of that decision."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from movies.models import ModelVersion
from pipeline.services.evaluation import TrainingData, algorithm_evaluate, config_make
from recommender.errors import RecommenderError
from recommender.evaluation.gate import (
    Comparison,
    Measure,
    Outcome,
    Requirement,
    Rival,
    compare_with_live,
    compare_with_popularity,
)
from recommender.evaluation.temporal_holdout import Performance, TemporalHoldout

_NAMES = {Measure.STARS: "stars (RMSE)", Measure.ORDER: "order (NDCG@10)"}


@dataclass(frozen=True)
class GateReport:
    """The comparisons of a candidate on a temporal holdout.

    ``live_id``: the model that was live; ``notes``: comparisons that were not needed, and why; ``refusal``: why the
    candidate could not be compared with the live model, which then stays live; empty otherwise.
    """

    comparisons: Sequence[Comparison]
    live_id: int | None
    snapshot: str
    holdout: TemporalHoldout
    notes: Sequence[str] = ()
    refusal: str = ""

    @property
    def passed(self) -> bool:
        """Whether the candidate meets every requirement and was compared with the live model, if there is one."""
        return not self.refusal and all(comparison.passed for comparison in self.comparisons)

    @property
    def summary(self) -> str:
        """The result in words: the failed comparisons, or the models that the candidate holds its own against."""
        if not self.passed:
            failed = "; ".join(
                comparison_summary(comparison) for comparison in self.comparisons if not comparison.passed
            )
            return " ".join(filter(None, [failed and f"{failed}.", self.refusal]))
        decisive = [each for each in self.comparisons if each.outcome is not Outcome.TOO_FEW]
        if not decisive:
            return "There are too few ratings to judge the candidate, so it passes."
        rivals = dict.fromkeys(each.against for each in decisive if each.requirement is not Requirement.NONE)
        return " ".join([f"It holds its own against {' and '.join(rivals)}.", *self.notes])

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        holdout = self.holdout
        moment = None if holdout.moment is None else datetime.fromtimestamp(holdout.moment, UTC).isoformat()
        return {
            "passed": self.passed,
            "summary": self.summary,
            "notes": list(self.notes),
            "refusal": self.refusal,
            "judged_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "live": self.live_id,
            "snapshot": self.snapshot,
            "moment": moment,
            "n_learnt": len(holdout.train),
            "n_asked": holdout.n_test,
            "n_people": len(holdout.test_users),
            "comparisons": [_comparison_json(comparison) for comparison in self.comparisons],
        }


def candidate_judge(version: ModelVersion, data: TrainingData, performance: Performance) -> GateReport:
    """Compare a candidate with popularity and with the live model, and store the report with the candidate.

    1. Train and test popularity on the temporal holdout, and compare.
    2. Do the same with the configuration of the live model, which itself has seen the test ratings.
    3. Store the report.
    """
    config = config_make("popularity", {}, seed=0)
    live = ModelVersion.objects.filter(state=ModelVersion.State.LIVE).first()
    report = GateReport(
        comparisons=compare_with_popularity(performance, algorithm_evaluate("popularity", config, data)),
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
    """Add the comparison with the live model, a note if it is not needed, or a refusal if it is impossible."""
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
    compared = compare_with_live(performance, rival, same_algorithm=same_algorithm)
    return replace(report, comparisons=[*report.comparisons, *compared])


def comparison_summary(comparison: Comparison) -> str:
    """Return a comparison in words."""
    if comparison.candidate is None or comparison.other is None or comparison.low is None or comparison.high is None:
        return f"{_NAMES[comparison.measure]} against {comparison.against}: {comparison.outcome}"
    return (
        f"{_NAMES[comparison.measure]} {comparison.candidate:.4f} against {comparison.other:.4f} of "
        f"{comparison.against}: {comparison.outcome} (advantage from {comparison.low:+.4f} to {comparison.high:+.4f}), "
        f"{comparison.requirement}"
    )


def _comparison_json(comparison: Comparison) -> dict[str, Any]:
    return {**asdict(comparison), "passed": comparison.passed, "told": comparison_summary(comparison)}
