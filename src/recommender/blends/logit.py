"""Weights of maximum likelihood for observed choices: the conditional logit (McFadden 1974)."""

from typing import NamedTuple

import numpy as np

from recommender.arrays import BoolArray, Float32Array, Float64Array, Int64Array

_STEPS = 30
_SMALLEST_STEP = 1e-4
# Normal(0, 1/strength) is the prior of each weight, for features of unit spread. It matters only with few choices.
_STRENGTH = 1.0
_BLOCK = 256


class ChoiceSets(NamedTuple):
    """The choices of m users. `features`: f arrays (m, n_items) float32; `open`: (m, n_items), the available items;
    `chosen`: (m,) positions of available items.
    """

    features: list[Float32Array]
    open: BoolArray
    chosen: Int64Array


def logit_weights(choices: ChoiceSets) -> Float64Array:
    """Return w that maximises Σ_u log(exp(w·x_{u,chosen}) / Σ_{open i} exp(w·x_ui)): (f,) float64, by Newton."""
    scales = np.array([max(float(feature[choices.open].std()), 1e-9) for feature in choices.features])
    weights = np.zeros(scales.size)
    loss, gradient, hessian = _loss(choices, scales, weights)
    for _ in range(_STEPS):
        step = np.linalg.solve(hessian, gradient)
        shrink = 1.0
        while True:
            following = _loss(choices, scales, weights - shrink * step)
            if following[0] <= loss or shrink < _SMALLEST_STEP:
                break
            shrink /= 2
        weights = weights - shrink * step
        loss, gradient, hessian = following
        if np.abs(shrink * step).max() < _SMALLEST_STEP:
            break
    return np.asarray(weights / scales, dtype=np.float64)


def _loss(choices: ChoiceSets, scales: Float64Array, weights: Float64Array) -> tuple[float, Float64Array, Float64Array]:
    """Return the penalised negative log-likelihood of `weights` with scaled features, its gradient and its Hessian."""
    loss = _STRENGTH / 2 * float(weights @ weights)
    gradient, hessian = _STRENGTH * weights, _STRENGTH * np.eye(weights.size)
    for start in range(0, choices.chosen.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        features = np.stack([feature[block] for feature in choices.features]) / scales[:, None, None]
        scores = np.where(choices.open[block], np.tensordot(weights, features, 1), -np.inf)
        likelihoods = np.exp(scores - scores.max(axis=1, keepdims=True))
        likelihoods /= likelihoods.sum(axis=1, keepdims=True)
        rows, chosen = np.arange(len(scores)), choices.chosen[block]
        loss -= float(np.log(np.maximum(likelihoods[rows, chosen], 1e-300)).sum())
        means = np.einsum("ui,fui->uf", likelihoods, features)
        gradient += (means - features[:, rows, chosen].T).sum(axis=0)
        hessian += np.einsum("fui,gui->fg", features * likelihoods, features, optimize=True) - means.T @ means
    return loss, gradient, hessian
