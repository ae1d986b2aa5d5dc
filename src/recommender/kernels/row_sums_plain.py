"""The plain twin of `kernels.row_sums`."""

from recommender.arrays import Float32Array, Int32Array, Int64Array


def row_sums(
    indptr: Int64Array, rows: Int32Array, weights: Float32Array, matrix: Float32Array, sums: Float32Array
) -> None:
    """Add Σ_e `weights`[e] · `matrix`[`rows`[e]], over the entries e of person p, to row p of `sums`.

    `indptr`: (n_people + 1,) int64, those of p are indptr[p] … indptr[p + 1] - 1; `rows`, `weights`: (n,) int32 and
    float32; `matrix`: (n_rows, n_columns) float32; `sums`: (n_people, n_columns) float32.
    """
    for person in range(indptr.size - 1):
        entries = slice(indptr[person], indptr[person + 1])
        sums[person] += weights[entries] @ matrix[rows[entries]]
