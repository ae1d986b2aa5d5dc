"""What holds for every algorithm."""

from pathlib import Path

import numpy as np
import pytest

from recommender.algorithms import get_algorithm, load_model
from recommender.artifacts import Provenance
from recommender.contract import AnyModel, Epoch, predict_or_fallback
from recommender.data.ratings import Ratings
from recommender.data.rows import Rows
from recommender.errors import DataError
from recommender.explanation import History, explain
from recommender.persistence import save_model
from recommender.recommendations import recommend, recommend_batches
from tests.recommender.contract.conftest import train
from tests.recommender.contract.documented import count_code_lines, read_example

STRANGER = 999_999
RANKED_BY_STARS = {"bayesian", "bias", "kmf", "nsvd", "surprise-svd", "surprise-svdpp", "svd"}
# Epochs of a training that is stopped after the second one; `house` ends its calibration and then trains its stars.
EPOCHS_IF_STOPPED = {"ease": 1, "house": 32, "keywords": 1, "popularity": 1, "trending": 1}
WITHOUT_MODEL_OF_EACH_EPOCH = {"surprise-svd", "surprise-svdpp"}
WITHOUT_SIMILARITY = {"bias", "popularity", "trending"}
WITH_INTERVALS = {"house"}
# The stars of everyone are the same.
WITHOUT_USER_STATE = {"popularity"}
PROVENANCE = Provenance("any", {}, 0, "checksum")


def test_the_model_is_of_the_class_and_kind_that_the_registry_names(name: str, model: AnyModel) -> None:
    assert type(model) is get_algorithm(name).model_class()
    assert model.kind == get_algorithm(name).kind


def test_stars_are_finite_and_inside_the_scale_for_all_that_is_known(model: AnyModel, ratings: Ratings) -> None:
    stars = model.predict(ratings.user_ids, ratings.item_ids)
    assert stars.dtype == np.float32
    assert stars.min() >= 0.5
    assert stars.max() <= 5.0


def test_unknown_pairs_are_nan_and_the_fallback_never_is(model: AnyModel, ratings: Ratings) -> None:
    users, items = [STRANGER, int(ratings.users.ids[0]), STRANGER], [int(ratings.items.ids[0]), STRANGER, STRANGER]
    assert np.isnan(model.predict(users, items)).all()
    assert np.isnan(model.score(users, items)).all()
    guesses = model.fallback(users, items)
    assert ((guesses >= 0.5) & (guesses <= 5.0)).all()
    assert np.array_equal(predict_or_fallback(model, users, items), guesses)


def test_a_batch_equals_one_at_a_time(model: AnyModel, ratings: Ratings) -> None:
    users, items = ratings.user_ids[::97], ratings.item_ids[::97]
    for batch_of in (model.predict, model.score):
        batch = batch_of(users, items)
        single = [batch_of([user], [item])[0] for user, item in zip(users, items, strict=True)]
        assert batch == pytest.approx(single, abs=1e-5)


def test_scores_of_all_items_equal_the_pairwise_ones(model: AnyModel) -> None:
    for position, user_id in enumerate(model.users.ids[:3].tolist()):
        user = model.user_state(position)
        everywhere = np.full(len(model.items), user_id)
        assert model.score_items(user) == pytest.approx(model.score(everywhere, model.items.ids), abs=1e-4)
        assert model.rate_items(user) == pytest.approx(model.predict(everywhere, model.items.ids), abs=1e-4)
        some = np.arange(len(model.items))[::-3]
        assert model.rate_some(user, some) == pytest.approx(model.rate_items(user)[some], abs=1e-5)


def test_recommended_are_the_highest_scores_without_the_excluded(model: AnyModel, ratings: Ratings) -> None:
    users = model.users.ids[:5]
    rated = ratings.by_user().take(np.arange(5))
    top = recommend(model, users, 8, exclude=rated)
    assert top.item_ids.shape == (5, 8)
    for row in range(5):
        scores = model.score_items(model.user_state(row)).copy()
        scores[rated.slice(row, row + 1).indices] = -np.inf
        best = np.argsort(-scores, kind="stable")[:8]
        assert top.scores[row] == pytest.approx(scores[best], abs=1e-4)
        assert not set(top.item_ids[row]) & set(model.items.ids[rated.slice(row, row + 1).indices])
        assert np.all(np.diff(top.scores[row]) <= 0)


def test_only_candidates_are_recommended_and_short_lists_are_padded(model: AnyModel) -> None:
    candidates = np.zeros(len(model.items), dtype=np.bool_)
    candidates[[3, 5, 8]] = True
    exclude = Rows.of_pairs([0], [5], n_rows=1)
    top = recommend(model, model.users.ids[:1], 4, exclude=exclude, candidates=candidates)
    assert set(top.item_ids[0]) == {int(model.items.ids[3]), int(model.items.ids[8]), -1}
    assert np.isnan(top.scores[0, 2:]).all()


def test_scores_are_stars_before_clipping_if_the_model_ranks_by_stars(name: str, model: AnyModel) -> None:
    users = np.repeat(model.users.ids[:5], len(model.items))
    items = np.tile(model.items.ids, 5)
    equal = np.array_equal(model.clip(model.score(users, items)), model.predict(users, items))
    assert model.ranks_by_stars() == equal == (name in RANKED_BY_STARS)


def test_a_stranger_is_recommended_nothing_by_id_but_something_by_ratings(model: AnyModel, ratings: Ratings) -> None:
    top = recommend(model, [STRANGER, int(ratings.users.ids[0])], 3)
    assert (top.item_ids[0] == -1).all()
    assert (top.item_ids[1] >= 0).all()
    person = model.fold_in(model.items.ids[:6], [5.0, 1.0, 2.0, 4.5, 1.0, 2.5])
    (block,) = recommend_batches(model, [person], n=3)
    assert block.items.shape == (1, 3)
    assert (block.items >= 0).all()


def test_lists_by_user_state_equal_those_by_position(model: AnyModel) -> None:
    positions = np.array([4, 0, 9])
    (by_position,) = recommend_batches(model, positions, n=5)
    (by_parameters,) = recommend_batches(model, [model.user_state(int(position)) for position in positions], n=5)
    assert by_position.scores == pytest.approx(by_parameters.scores, abs=1e-4)


def test_folding_in_predicts_about_as_well_as_training_did(model: AnyModel, ratings: Ratings) -> None:
    trained, folded = [], []
    for position in range(20):
        mine = ratings.select(ratings.user_positions == position)
        user = model.fold_in(mine.item_ids, mine.values, mine.times)
        trained.append(np.mean((model.predict(mine.user_ids, mine.item_ids) - mine.values) ** 2))
        folded.append(np.mean((model.rate_items(user)[model.items.positions(mine.item_ids)] - mine.values) ** 2))
    assert np.sqrt(np.mean(folded)) < np.sqrt(np.mean(trained)) + 0.15


def test_the_order_of_ratings_does_not_matter_when_folding_in(model: AnyModel) -> None:
    items, values, times = model.items.ids[:7], np.array([5, 1, 3, 4.5, 2, 3.5, 4]), np.arange(7) * 100 + 10**9
    there = model.score_items(model.fold_in(items, values, times))
    back = model.score_items(model.fold_in(items[::-1], values[::-1], times[::-1]))
    assert there == pytest.approx(back, abs=1e-5)


def test_user_without_known_ratings_gets_finite_stars(model: AnyModel) -> None:
    for items, values in (([], []), ([STRANGER], [5.0])):
        assert np.isfinite(model.rate_items(model.fold_in(items, values))).all()


@pytest.mark.parametrize(("items", "values"), [([0, 0], [3.0, 4.0]), ([0], [7.0]), ([0], [np.nan]), ([0, 1], [3.0])])
def test_invalid_ratings_are_refused(model: AnyModel, items: list[int], values: list[float]) -> None:
    with pytest.raises(DataError):
        model.fold_in(model.items.ids[items], values)


def test_similar_items_are_others_that_exist_best_first(name: str, model: AnyModel) -> None:
    found = model.similar_items([int(model.items.ids[0]), STRANGER], 5)
    assert (found.item_ids[1] == -1).all()
    known = found.item_ids[0][found.item_ids[0] >= 0]
    assert known.size == (0 if name in WITHOUT_SIMILARITY else 5)
    assert int(model.items.ids[0]) not in known
    assert np.isin(known, model.items.ids).all()
    assert len(set(known.tolist())) == known.size
    assert np.all(np.diff(found.scores[0][: known.size]) <= 1e-6)


def test_similar_items_of_many_are_those_of_each(model: AnyModel) -> None:
    together = model.similar_items(np.tile(model.items.ids, 2), 5)
    for row in (0, 7, 59):
        alone = model.similar_items(model.items.ids[row : row + 1], 5)
        assert together.scores[row] == pytest.approx(alone.scores[0], abs=1e-5, nan_ok=True)
        assert np.array_equal(together.item_ids[row], together.item_ids[row + len(model.items)])


def test_an_explanation_predicts_without_each_rating(name: str, model: AnyModel) -> None:
    items, values = model.items.ids[:6], np.array([5.0, 1.0, 2.0, 4.5, 1.0, 2.5])
    explanation = explain(model, History(items, values), int(model.items.ids[9]))
    assert explain(model, History(items, values), STRANGER) is None
    assert (explanation is None) == (name in WITHOUT_USER_STATE)
    if explanation is not None:
        left = int(np.flatnonzero(items == explanation.item_ids[0])[0])
        without = model.rate_items(model.fold_in(np.delete(items, left), np.delete(values, left)))[9]
        assert explanation.without[0] == pytest.approx(without, abs=1e-5)
        predicted = model.rate_items(model.fold_in(items, values))[9]
        assert explanation.predicted == pytest.approx(float(predicted), abs=1e-5)


def test_intervals_contain_the_prediction_and_most_ratings(name: str, model: AnyModel, ratings: Ratings) -> None:
    low, high = model.interval(ratings.user_ids, ratings.item_ids)
    stars = model.predict(ratings.user_ids, ratings.item_ids)
    if name in WITH_INTERVALS:
        assert ((low <= stars) & (stars <= high)).all()
        assert np.mean((low <= ratings.values) & (ratings.values <= high)) > 0.7
    else:
        assert np.isnan(low).all()
        assert np.isnan(high).all()


@pytest.mark.parametrize("mmap", [False, True])
def test_a_saved_model_answers_the_same(model: AnyModel, ratings: Ratings, tmp_path: Path, mmap: bool) -> None:  # noqa: FBT001 - a parameter of the test.
    manifest = save_model(model, tmp_path / "model", PROVENANCE)
    loaded = load_model(tmp_path / "model", mmap=mmap)
    assert type(loaded) is type(model)
    assert {path.stem for path in (tmp_path / "model").glob("*.npy")} == set(manifest.arrays) > {"user_ids", "item_ids"}
    users, items = ratings.user_ids[::31], ratings.item_ids[::31]
    assert np.array_equal(loaded.predict(users, items), model.predict(users, items))
    assert np.array_equal(loaded.score(users, items), model.score(users, items))
    assert np.array_equal(loaded.fallback([STRANGER], [STRANGER]), model.fallback([STRANGER], [STRANGER]))
    assert np.array_equal(recommend(loaded, model.users.ids, 5).item_ids, recommend(model, model.users.ids, 5).item_ids)
    mine = model.items.ids[:4], [4.0, 2.0, 5.0, 1.0]
    assert np.array_equal(loaded.rate_items(loaded.fold_in(*mine)), model.rate_items(model.fold_in(*mine)))
    assert not list((tmp_path / "model").glob("*.pkl"))


def test_the_same_seed_gives_the_same_model_and_rows_in_any_order(name: str, model: AnyModel, ratings: Ratings) -> None:
    order = np.random.default_rng(3).permutation(len(ratings))
    assert ratings.times is not None
    shuffled = Ratings.from_arrays(
        ratings.user_ids[order], ratings.item_ids[order], ratings.values[order], ratings.times[order]
    )
    again = train(name, shuffled)
    assert np.array_equal(
        again.predict(ratings.user_ids, ratings.item_ids), model.predict(ratings.user_ids, ratings.item_ids)
    )
    assert np.array_equal(
        again.score(ratings.user_ids, ratings.item_ids), model.score(ratings.user_ids, ratings.item_ids)
    )


def test_stars_beat_the_mean_on_ratings_that_were_not_seen(name: str, ratings: Ratings) -> None:
    unseen = np.zeros(len(ratings), dtype=np.bool_)
    unseen[np.random.default_rng(5).choice(len(ratings), 300, replace=False)] = True
    test, model = ratings.select(unseen), train(name, ratings.select(~unseen))
    errors = predict_or_fallback(model, test.user_ids, test.item_ids) - test.values
    assert np.sqrt(np.mean(errors**2)) < np.std(test.values) * 1.02


def test_each_epoch_is_reported(name: str, ratings: Ratings) -> None:
    seen: list[Epoch] = []
    train(name, ratings, seen.append)
    assert [epoch.done for epoch in seen] == list(range(1, len(seen) + 1))
    assert {epoch.total for epoch in seen} == {len(seen)}
    last = seen[-1].model
    assert (last is None) == (name in WITHOUT_MODEL_OF_EACH_EPOCH)
    if last is not None:
        users, items = ratings.user_ids[:9], ratings.item_ids[:9]
        assert np.isfinite(last().predict(users, items)).all()


def test_a_true_result_ends_the_training_after_that_epoch(name: str, ratings: Ratings) -> None:
    seen: list[Epoch] = []

    def stop_after_two(epoch: Epoch) -> bool:
        seen.append(epoch)
        return epoch.done == 2

    stopped = train(name, ratings, stop_after_two)
    assert len(seen) == EPOCHS_IF_STOPPED.get(name, 2)
    assert seen[0].total == 1 or len(seen) < seen[0].total
    last = seen[-1].model
    if last is not None:
        users, items = ratings.user_ids[:9], ratings.item_ids[:9]
        assert np.array_equal(last().score(users, items), stopped.score(users, items))


def test_the_documented_example_is_as_short_as_the_page_says() -> None:
    source, _ = read_example()
    assert count_code_lines(source) <= 50
