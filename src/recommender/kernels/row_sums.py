"""Weighted sums of rows of a matrix, for many users at once. `row_sums_plain` is the plain twin and the definition.

A user has few of thousands of rows, so a product with the whole matrix would mostly multiply by zero.
"""

import numba

from recommender.arrays import Float32Array, Int32Array, Int64Array


@numba.njit(cache=True, nogil=True)
def row_sums(
    indptr: Int64Array, rows: Int32Array, weights: Float32Array, matrix: Float32Array, sums: Float32Array
) -> None:
    """Add to `sums` (n_users, n_columns) float32 like `row_sums_plain.row_sums`."""
    for user in range(indptr.size - 1):
        total = sums[user]
        for entry in range(indptr[user], indptr[user + 1]):
            weight = weights[entry]
            row = matrix[rows[entry]]
            for column in range(total.size):
                total[column] += weight * row[column]
