"""Models, settings, gate reports and exports that the first stored version wrote stay readable."""

import json
from dataclasses import asdict
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.stored.answers import answers_of

from pipeline.admin.learning_curve import learning_curve_svg
from pipeline.admin.model_version import gate_report_html
from pipeline.snapshot import snapshot_latest
from recommender.algorithms import ALGORITHMS, load_model, make_config
from recommender.artifacts import FORMAT_VERSION, read_manifest
from recommender.data.snapshot import read_snapshot
from recommender.persistence import save_model

HERE = Path(__file__).parent
CONFIGS: dict[str, dict[str, Any]] = json.loads((HERE / "configs.json").read_text(encoding="utf-8"))
EXPECTED: dict[str, dict[str, Any]] = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))
VERSIONS: dict[str, dict[str, Any]] = json.loads((HERE / "model_versions.json").read_text(encoding="utf-8"))


def numbers(values: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return nested lists as an array, with NaN for None."""
    return np.array(values, dtype=np.float64)


def test_every_algorithm_has_a_stored_model_and_stored_settings() -> None:
    assert set(ALGORITHMS) <= set(CONFIGS)
    assert set(ALGORITHMS) <= set(EXPECTED)
    assert {path.name for path in (HERE / "models").iterdir()} == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
@pytest.mark.parametrize("mmap", [False, True])
def test_a_stored_model_answers_as_it_did(name: str, mmap: bool) -> None:  # noqa: FBT001 - a parameter of the test.
    answers, expected = answers_of(load_model(HERE / "models" / name, mmap=mmap)), EXPECTED[name]

    assert set(answers) == set(expected)
    for question, answer in answers.items():
        np.testing.assert_allclose(
            numbers(answer), numbers(expected[question]), rtol=1e-5, atol=1e-6, err_msg=f"{name}: {question}"
        )


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_stored_model_is_saved_again_as_the_same_files(name: str, tmp_path: Path) -> None:
    before = read_manifest(HERE / "models" / name)

    save_model(load_model(HERE / "models" / name), tmp_path / name, before.provenance)

    after = read_manifest(tmp_path / name)
    assert after.format_version == before.format_version == FORMAT_VERSION
    assert after.kind == before.kind == ALGORITHMS[name].kind
    assert after.parameters == before.parameters
    assert set(after.arrays) == set(before.arrays)
    for array, facts in before.arrays.items():
        assert (after.arrays[array]["dtype"], after.arrays[array]["shape"]) == (facts["dtype"], facts["shape"])
        there, here = (np.load(folder / name / f"{array}.npy") for folder in (tmp_path, HERE / "models"))
        np.testing.assert_array_equal(there, here, err_msg=f"{name}: {array}")


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_stored_settings_keep_their_names_and_values(name: str) -> None:
    of_the_model = dict(read_manifest(HERE / "models" / name).provenance.config)

    for stored in (CONFIGS[name], of_the_model):
        config = asdict(make_config(name, stored))
        assert {key: config[key] for key in stored} == stored


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        ("retired", "Passed."),
        ("candidate", "Refused."),
        ("failed", "Not judged."),
        ("live without a comparison", "Passed."),
    ],
)
def test_a_stored_gate_report_is_shown(state: str, verdict: str) -> None:
    report = VERSIONS[state]["gate_report"]

    shown = unescape(gate_report_html(report))

    assert verdict in shown
    for told in [report[key] for key in ("summary", "moment") if key in report]:
        assert told in shown
    for comparison in report.get("comparisons", []):
        assert comparison["told"] in shown


def test_the_stored_report_of_a_model_that_was_forced_unjudged_is_shown() -> None:
    report = VERSIONS["live"]["gate_report"]
    assert report == {"forced": "to have one that is kept"}

    shown = gate_report_html(report)

    assert "Not judged." in shown
    assert "Forced: to have one that is kept." in shown


def test_a_stored_learning_curve_is_drawn() -> None:
    curve = VERSIONS["live"]["learning_curve"]

    drawn = learning_curve_svg(curve)

    assert drawn.count("<circle") == len(curve) == 30
    assert f"RMSE {curve[0]['rmse']:.4f} after pass 1, {curve[-1]['rmse']:.4f} after pass 30" in drawn


def test_a_stored_export_is_read() -> None:
    snapshot = snapshot_latest(HERE / "files" / "exports", "ratings")
    ratings = read_snapshot(snapshot.parquet)

    lines = (snapshot.folder / "ratings.csv").read_text(encoding="utf-8").splitlines()[1:]
    rows = [line.split(",") for line in lines]
    assert len(ratings) == snapshot.rows == len(rows) == 1024
    np.testing.assert_array_equal(ratings.user_ids, [int(row[0]) for row in rows])
    np.testing.assert_array_equal(ratings.item_ids, [int(row[1]) for row in rows])
    np.testing.assert_array_equal(ratings.values, [float(row[2]) for row in rows])
    assert ratings.times is not None
    assert snapshot_latest(HERE / "files" / "exports", "movies").rows == 24
