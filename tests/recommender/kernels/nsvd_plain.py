"""The plain twin of `kernels.nsvd`: every step as the definition says, in NumPy alone."""

import numpy as np

from recommender.arrays import Int64Array
from recommender.kernels.nsvd import NSVDHistories, NSVDParameters


def run_nsvd_epoch_plain(
    histories: NSVDHistories,
    order: Int64Array,
    parameters: NSVDParameters,
    learning_rate: np.float32,
    regularisation: np.float32,
) -> None:
    """Visit every rating once, moving all that represents its user each time."""
    for user in order:
        rated = slice(histories.indptr[user], histories.indptr[user + 1])
        speaking = histories.items[rated][histories.speaks[rated]]
        norm = np.float32(max(speaking.size, 1) ** -0.5)
        for item, value in zip(histories.items[rated], histories.values[rated], strict=True):
            user_factors = norm * parameters.implicit_factors[speaking].sum(axis=0)
            q = parameters.item_factors[item].copy()
            b_u, b_i = parameters.user_biases[user], parameters.item_biases[item]
            error = value - b_u - b_i - user_factors @ q
            parameters.user_biases[user] += learning_rate * (error - regularisation * b_u)
            parameters.item_biases[item] += learning_rate * (error - regularisation * b_i)
            parameters.item_factors[item] += learning_rate * (error * user_factors - regularisation * q)
            parameters.implicit_factors[speaking] += learning_rate * norm * (error * q - regularisation * user_factors)
