"""The arrays of a biased factorisation, as the selection of top-k items reads them."""

from typing import Protocol

from recommender.arrays import Float32Array


class Factorisation(Protocol):
    """Scores μ + b_u + b_i + q_i·p_u of n_users users and n_items items; all arrays are float32.

    `global_mean`: μ; `user_biases`: (n_users,); `item_biases`: (n_items,); `user_factors`: (n_users, k);
    `item_factors`: (n_items, k).
    """

    @property
    def global_mean(self) -> float: ...  # noqa: D102 - the class describes the fields.

    @property
    def user_biases(self) -> Float32Array: ...  # noqa: D102

    @property
    def item_biases(self) -> Float32Array: ...  # noqa: D102

    @property
    def user_factors(self) -> Float32Array: ...  # noqa: D102

    @property
    def item_factors(self) -> Float32Array: ...  # noqa: D102
