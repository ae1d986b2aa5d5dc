"""Reading a term matrix the way a test states it."""

from recommender.data.term_matrix import TermMatrix


def terms_of(matrix: TermMatrix, item: int) -> tuple[str, ...]:
    """Return the words of the item at a position, ascending."""
    start, stop = matrix.rows.indptr[item : item + 2]
    return tuple(matrix.words[word] for word in matrix.rows.indices[start:stop])
