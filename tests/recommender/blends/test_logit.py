"""The conditional logit finds the weights that people chose by."""

import numpy as np
import pytest

from recommender.blends.logit import ChoiceSets, logit_weights


def choices_by(weights: np.ndarray, n_people: int = 3000, n_items: int = 40) -> ChoiceSets:
    random = np.random.default_rng(8)
    features = [random.standard_normal((n_people, n_items)).astype(np.float32) * scale for scale in (1.0, 10.0)]
    free = random.random((n_people, n_items)) < 0.8
    scores = sum(weight * feature for weight, feature in zip(weights, features, strict=True))
    chosen = np.where(free, scores + random.gumbel(size=(n_people, n_items)), -np.inf).argmax(axis=1)
    return ChoiceSets(features, free, chosen)


def test_the_weights_of_simulated_choices_are_found_in_any_unit() -> None:
    assert logit_weights(choices_by(np.array([1.5, -0.08]))) == pytest.approx([1.5, -0.08], rel=0.1)


def test_choices_made_by_nothing_get_weights_near_zero() -> None:
    assert logit_weights(choices_by(np.array([0.0, 0.0]))) == pytest.approx([0.0, 0.0], abs=0.06)
