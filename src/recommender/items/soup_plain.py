"""The plain twin of `items.soup`: the same vectors and cosines as dense matrices, in NumPy alone."""

import numpy as np

from recommender.arrays import Float32Array, Float64Array


def soup_plain(counts: Float32Array, *, rare_words: float) -> Float64Array:
    """Vectors of length 1, (n_items, n_words), of how often each item has each word; zeros for items without words."""
    idf = 1 + np.log((1 + len(counts)) / (1 + (counts > 0).sum(axis=0)))
    weighted: Float64Array = counts * idf**rare_words
    lengths = np.linalg.norm(weighted, axis=1, keepdims=True)
    return weighted / np.where(lengths > 0, lengths, 1)


def cosines_plain(soup: Float64Array, weights: Float64Array) -> Float32Array:
    """Cosines of sums of items, `weights` (b, n_items), with all items: (b, n_items) float32; 0 for sums of nothing."""
    profiles = weights @ soup
    lengths = np.linalg.norm(profiles, axis=1, keepdims=True)
    nothing = lengths <= 1e-6 * np.abs(weights).sum(axis=1, keepdims=True)
    products: Float64Array = np.where(nothing, 0, profiles / np.where(nothing, 1, lengths)) @ soup.T
    return products.astype(np.float32)
