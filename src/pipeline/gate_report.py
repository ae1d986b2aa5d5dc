"""What the gate decided and why, as it is stored with a model and read by people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from recommender.evaluation.gate import Comparison, Measure, Outcome, Requirement
from recommender.evaluation.temporal_holdout import TemporalHoldout

_NAMES = {Measure.STARS: "stars (RMSE)", Measure.ORDER: "order (NDCG@10)"}


@dataclass(frozen=True)
class GateReport:
    """What was compared in which rehearsal.

    ``live_id``: the model that was live, whose place is asked for; ``notes``: what needed no comparison, and why;
    ``refusal``: why nothing could be compared with the live model, which keeps its place then; empty otherwise.
    """

    comparisons: Sequence[Comparison]
    live_id: int | None
    snapshot: str
    holdout: TemporalHoldout
    notes: Sequence[str] = ()
    refusal: str = ""

    @property
    def passed(self) -> bool:
        """Whether every demand is met, and the live model was compared where there is one."""
        return not self.refusal and all(comparison.passed for comparison in self.comparisons)

    @property
    def summary(self) -> str:
        """One sentence: what stands in the way, or what was beaten."""
        if not self.passed:
            failed = "; ".join(
                comparison_summary(comparison) for comparison in self.comparisons if not comparison.passed
            )
            return " ".join(filter(None, [failed and f"{failed}.", self.refusal]))
        judged = [each for each in self.comparisons if each.outcome is not Outcome.TOO_FEW]
        if not judged:
            return "There are too few ratings to judge, and nothing speaks against it."
        rivals = dict.fromkeys(each.against for each in judged if each.demand is not Requirement.NONE)
        return " ".join([f"It holds its own against {' and '.join(rivals)}.", *self.notes])

    def as_json(self) -> dict[str, Any]:
        """Return all of it as plain values."""
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
            "n_asked": holdout.n_asked,
            "n_people": len(holdout.test_users),
            "comparisons": [_comparison_json(comparison) for comparison in self.comparisons],
        }


def comparison_summary(comparison: Comparison) -> str:
    """Return a comparison in words."""
    if comparison.candidate is None or comparison.other is None or comparison.low is None or comparison.high is None:
        return f"{_NAMES[comparison.measure]} against {comparison.against}: {comparison.outcome}"
    return (
        f"{_NAMES[comparison.measure]} {comparison.candidate:.4f} against {comparison.other:.4f} of "
        f"{comparison.against}: {comparison.outcome} (advantage from {comparison.low:+.4f} to {comparison.high:+.4f}), "
        f"{comparison.demand}"
    )


def _comparison_json(comparison: Comparison) -> dict[str, Any]:
    return {
        "against": comparison.against,
        "measure": comparison.measure.value,
        "candidate": comparison.candidate,
        "other": comparison.other,
        "low": comparison.low,
        "high": comparison.high,
        "outcome": comparison.outcome.value,
        "demand": comparison.demand.value,
        "passed": comparison.passed,
        "told": comparison_summary(comparison),
    }
