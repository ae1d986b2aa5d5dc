import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from tests.pipeline.worlds import World

from movies.models import ModelVersion, SimilarMovies, SuggestionList
from pipeline.errors import NothingToRollBackToError, PromotionRefusedError
from pipeline.services.evaluation import config_make
from pipeline.services.model_release import candidate_release
from pipeline.services.promotion import model_promote, model_roll_back
from pipeline.services.training import model_train

pytestmark = pytest.mark.django_db

GOOD = {"n_factors": 5, "n_epochs": 20, "learning_rate": 0.02}
POOR = {"n_factors": 1, "n_epochs": 1, "learning_rate": 1e-6}


@pytest.fixture
def exported(world: World) -> World:
    call_command("exportdatasets")
    return world


@pytest.fixture
def live(exported: World) -> ModelVersion:
    return model_train(algorithm="svd", hyper_parameters=GOOD).version


def states() -> dict[int, str]:
    return dict(ModelVersion.objects.values_list("pk", "state"))


def kept_back(**settings: float) -> ModelVersion:
    return model_train(algorithm="svd", hyper_parameters={**GOOD, **settings}, promote=False).version


def test_candidate_worse_than_the_live_model_is_refused_and_the_report_says_why(live: ModelVersion) -> None:
    with pytest.raises(PromotionRefusedError, match=r"of the live svd #\d+: worse"):
        model_train(algorithm="svd", hyper_parameters=POOR)

    candidate = ModelVersion.objects.latest("pk")
    assert states() == {live.pk: "live", candidate.pk: "candidate"}
    report = candidate.gate_report
    assert not report["passed"]
    assert report["live"] == live.pk
    assert [each["against"] for each in report["comparisons"]] == ["popularity"] * 2 + [f"the live svd #{live.pk}"] * 2
    stars = next(
        each for each in report["comparisons"] if each["against"] != "popularity" and each["measure"] == "rmse"
    )
    assert stars["candidate"] > stars["other"]
    assert stars["high"] < 0


def test_candidate_is_judged_when_it_is_promoted_and_goes_live(
    live: ModelVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    candidate = kept_back(n_epochs=40)
    assert candidate.gate_report == {}

    call_command("promotemodel")

    assert states() == {live.pk: "retired", candidate.pk: "live"}
    assert f"of the live svd #{live.pk}" in capsys.readouterr().out


def test_candidate_that_the_gate_refuses_is_promoted_by_force_alone_and_the_reason_is_kept(live: ModelVersion) -> None:
    poor = kept_back(**POOR)

    with pytest.raises(CommandError, match="stays a candidate"):
        call_command("promotemodel", str(poor.pk))
    assert states() == {live.pk: "live", poor.pk: "candidate"}
    call_command("promotemodel", poor.folder, "--force", "to see what happens")

    assert states() == {live.pk: "retired", poor.pk: "live"}
    poor.refresh_from_db()
    assert poor.gate_report["forced"] == "to see what happens"


def test_candidate_judged_against_a_model_that_is_live_no_more_is_judged_again(live: ModelVersion) -> None:
    first, second = kept_back(n_epochs=40), kept_back(n_epochs=60)
    candidate_release(model_version_id=first.pk)
    with pytest.raises(PromotionRefusedError, match="not judged"):
        model_promote(model_version_id=second.pk)
    second.gate_report = {"passed": True, "live": live.pk, "comparisons": []}
    second.save()

    with pytest.raises(PromotionRefusedError, match="another model has gone live since"):
        model_promote(model_version_id=second.pk)
    candidate_release(model_version_id=second.pk)

    assert states() == {live.pk: "retired", first.pk: "retired", second.pk: "live"}
    second.refresh_from_db()
    assert second.gate_report["live"] == first.pk


def test_damaged_model_is_refused(live: ModelVersion, folders: Path) -> None:
    damaged = kept_back(n_epochs=40)
    (folders / "models" / damaged.folder / "item_biases.npy").unlink()

    with pytest.raises(PromotionRefusedError, match="stays a candidate"):
        candidate_release(model_version_id=damaged.pk)

    assert states() == {live.pk: "live", damaged.pk: "candidate"}


def test_roll_back_restores_the_previous_model_and_its_lists(exported: World, live: ModelVersion) -> None:
    second = model_train(algorithm="svd", hyper_parameters=GOOD).version
    call_command("createmoviesuggestions")
    assert set(SuggestionList.objects.values_list("model_version_id", flat=True)) == {second.pk}

    call_command("rollbackmodel")

    assert states() == {live.pk: "live", second.pk: "retired"}
    for rows in (SuggestionList.objects, SimilarMovies.objects):
        assert set(rows.values_list("model_version_id", flat=True)) == {live.pk}


def test_second_roll_back_goes_to_an_earlier_model(live: ModelVersion) -> None:
    second, third = (model_train(algorithm="svd", hyper_parameters=GOOD).version for _ in range(2))

    assert model_roll_back().pk == second.pk
    assert model_roll_back().pk == live.pk
    with pytest.raises(NothingToRollBackToError):
        model_roll_back()

    assert states() == {live.pk: "live", second.pk: "retired", third.pk: "retired"}


def test_rolling_back_passes_over_a_model_that_cannot_be_read(live: ModelVersion, folders: Path) -> None:
    damaged, _ = (model_train(algorithm="svd", hyper_parameters=GOOD).version for _ in range(2))
    (folders / "models" / damaged.folder / "item_factors.npy").write_bytes(b"")

    call_command("rollbackmodel", "--keep-lists")

    assert states()[live.pk] == "live"
    with pytest.raises(CommandError, match=r"item_factors\.npy"):
        call_command("rollbackmodel", "--to", str(damaged.pk))
    assert states()[live.pk] == "live"


def test_only_a_model_that_was_live_can_be_gone_back_to(live: ModelVersion) -> None:
    candidate = kept_back()

    for name, message in (
        (str(candidate.pk), "is candidate"),
        (str(live.pk), "is live"),
        ("999999", "no model '999999'"),
    ):
        with pytest.raises(CommandError, match=message):
            call_command("rollbackmodel", "--to", name)

    assert states() == {live.pk: "live", candidate.pk: "candidate"}


def test_without_a_candidate_there_is_nothing_to_promote(live: ModelVersion) -> None:
    with pytest.raises(CommandError, match="no candidate: train a model first"):
        call_command("promotemodel")
    with pytest.raises(CommandError, match="only a candidate can be promoted"):
        call_command("promotemodel", str(live.pk))


def test_rolled_back_configuration_goes_live_again_only_through_the_gate(live: ModelVersion) -> None:
    model_train(algorithm="svd", hyper_parameters=GOOD)
    model_roll_back()

    again = model_train(algorithm="svd", hyper_parameters=GOOD).version

    assert states()[again.pk] == "live"
    assert "same configuration and older ratings" in again.gate_report["summary"]


@pytest.fixture
def live_of_another_version(live: ModelVersion) -> ModelVersion:
    """Let the live model have a setting that the algorithm does not have."""
    live.config = {**live.config, "momentum": 0.9}
    live.save()
    return live


def test_live_model_that_cannot_be_trained_again_keeps_its_place(live_of_another_version: ModelVersion) -> None:
    live = live_of_another_version

    with pytest.raises(CommandError) as refused:
        call_command("trainmodel", "svd", "--set", *(f"{key}={value}" for key, value in GOOD.items()))

    candidate = ModelVersion.objects.latest("pk")
    assert states() == {live.pk: "live", candidate.pk: "candidate"}
    report = candidate.gate_report
    assert not report["passed"]
    assert all(comparison["passed"] for comparison in report["comparisons"])
    assert report["refusal"] in str(refused.value)
    for detail in (
        f"svd #{candidate.pk} stays a candidate: The live svd #{live.pk} cannot be trained again",
        "svd has no setting 'momentum'",
        f"promotemodel {candidate.pk} --force REASON",
    ):
        assert detail in str(refused.value)


def test_live_model_without_its_optional_dependency_keeps_its_place(
    live: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "recommender.neural.towers", None)
    live.algorithm, live.config = "neural-cf", config_make("neural-cf", {}, seed=0)
    live.save()

    with pytest.raises(PromotionRefusedError, match=r"neural-cf #\d+ cannot .*PyTorch, which is not installed: pip"):
        model_train(algorithm="svd", hyper_parameters=GOOD)

    assert states()[live.pk] == "live"


def test_candidate_is_judged_again_once_the_live_model_can_be_trained(
    live_of_another_version: ModelVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    live = live_of_another_version
    candidate = kept_back(n_epochs=40)
    for _ in range(2):
        with pytest.raises(CommandError, match="has no setting 'momentum'"):
            call_command("promotemodel", str(candidate.pk))
    assert states() == {live.pk: "live", candidate.pk: "candidate"}
    live.config.pop("momentum")
    live.save()

    call_command("promotemodel", str(candidate.pk))

    assert states() == {live.pk: "retired", candidate.pk: "live"}
    assert f"of the live svd #{live.pk}" in capsys.readouterr().out


def test_force_overrules_the_gate_if_nothing_can_be_compared(
    live_of_another_version: ModelVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    live = live_of_another_version
    with pytest.raises(PromotionRefusedError):
        model_train(algorithm="svd", hyper_parameters=GOOD)
    candidate = ModelVersion.objects.latest("pk")

    call_command("promotemodel", str(candidate.pk), "--force", "the old settings are gone")

    assert states() == {live.pk: "retired", candidate.pk: "live"}
    assert f"FAILED  The live svd #{live.pk} cannot be trained again" in capsys.readouterr().out
