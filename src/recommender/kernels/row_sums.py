"""Weighted sums of rows of a matrix, for many people at once. Twin: `row_sums_plain`, which says what is summed.

A person has some of thousands of rows, so that a product with the whole matrix would mostly multiply by zero.
"""

import numba

from recommender.arrays import Float32Array, Int32Array, Int64Array


@numba.njit(cache=True, nogil=True)
def row_sums(
    indptr: Int64Array, rows: Int32Array, weights: Float32Array, matrix: Float32Array, sums: Float32Array
) -> None:
    """Add to `sums` (n_people, n_columns) float32 what `row_sums_plain.row_sums` does."""
    for person in range(indptr.size - 1):
        total = sums[person]
        for entry in range(indptr[person], indptr[person + 1]):
            weight = weights[entry]
            row = matrix[rows[entry]]
            for column in range(total.size):
                total[column] += weight * row[column]
