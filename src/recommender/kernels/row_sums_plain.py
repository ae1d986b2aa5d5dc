"""The plain twin of `kernels.row_sums`."""

from recommender.arrays import Float32Array, Int32Array, Int64Array


def row_sums(
    indptr: Int64Array, rows: Int32Array, weights: Float32Array, matrix: Float32Array, sums: Float32Array
) -> None:
    """Add Σ_e `weights`[e] · `matrix`[`rows`[e]], over the entries e of user u, to row u of `sums`.

    `indptr`: (n_users + 1,) int64, those of u are indptr[u] … indptr[u + 1] - 1; `rows`, `weights`: (n,) int32 and
    float32; `matrix`: (n_rows, n_columns) float32; `sums`: (n_users, n_columns) float32.
    """
    for user in range(indptr.size - 1):
        entries = slice(indptr[user], indptr[user + 1])
        sums[user] += weights[entries] @ matrix[rows[entries]]
