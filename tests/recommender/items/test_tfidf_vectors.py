import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.arrays import Float32Array, Float64Array
from recommender.data.catalogue import Catalogue
from recommender.data.rows import Rows
from recommender.errors import DataError
from recommender.items.tfidf_vectors import TfidfVectors
from recommender.kernels.tfidf import Postings, tfidf_cosines
from recommender.kernels.tfidf_plain import SparseVectors, tfidf_cosines_plain

WORDS = "abcdefgh"
word_lists = st.lists(st.lists(st.sampled_from(WORDS), max_size=6), min_size=1, max_size=30)


def make_tfidf(
    lists: list[list[str]], *, rare_words: float = 0.0, genres: list[list[str]] | None = None
) -> TfidfVectors:
    nothing: list[list[str]] = [[] for _ in lists]
    catalogue = Catalogue.of(range(len(lists)), genres=genres or nothing, keywords=lists)
    return TfidfVectors.of(catalogue, rare_words=rare_words)


def counted(lists: list[list[str]], genres: list[list[str]]) -> Float32Array:
    counts = [[(word in words) + (word in kinds) for word in WORDS] for words, kinds in zip(lists, genres, strict=True)]
    return np.array(counts, dtype=np.float32)


def dense(tfidf: TfidfVectors) -> Float32Array:
    vectors = np.zeros((tfidf.n_items, tfidf.n_words), dtype=np.float32)
    vectors[np.repeat(np.arange(tfidf.n_items), np.diff(tfidf.indptr)), tfidf.words] = tfidf.weights
    return vectors


def dense_soup(counts: Float32Array, *, rare_words: float) -> Float64Array:
    idf = 1 + np.log((1 + len(counts)) / (1 + (counts > 0).sum(axis=0)))
    weighted = counts * idf**rare_words
    lengths = np.linalg.norm(weighted, axis=1, keepdims=True)
    return np.asarray(weighted / np.where(lengths > 0, lengths, 1))


def dense_cosines(tfidf: Float64Array, weights: Float64Array) -> Float64Array:
    profiles = weights @ tfidf
    lengths = np.linalg.norm(profiles, axis=1, keepdims=True)
    nothing = lengths <= 1e-6 * np.abs(weights).sum(axis=1, keepdims=True)
    return np.asarray(np.where(nothing, 0, profiles / np.where(nothing, 1, lengths)) @ tfidf.T)


def test_cosines_are_those_done_by_hand() -> None:
    tfidf = make_tfidf([["a", "b"], ["b", "c"], ["a", "b"], ["d"], []])
    assert tfidf.to_items(np.array([0])) == pytest.approx(np.array([[1, 0.5, 1, 0, 0]]), abs=1e-6)


def test_a_word_that_is_genre_and_keyword_counts_twice() -> None:
    tfidf = make_tfidf([["war", "love"], ["war"]], genres=[["War"], []])
    assert tfidf.to_items(np.array([0]))[0, 1] == pytest.approx(2 / 5**0.5, abs=1e-6)


def test_rare_words_weigh_more_the_higher_the_exponent() -> None:
    lists = [["usual", "rare"], ["usual"], ["rare"], ["usual"], ["usual"]]
    to_usual, to_rare = [], []
    for exponent in (0.0, 1.0, 2.0):
        cosines = make_tfidf(lists, rare_words=exponent).to_items(np.array([0]))[0]
        to_usual.append(cosines[1])
        to_rare.append(cosines[2])
    assert to_usual[0] == pytest.approx(to_rare[0], abs=1e-6)
    assert to_rare[0] < to_rare[1] < to_rare[2]


@settings(deadline=None)
@given(lists=word_lists)
def test_cosines_lie_between_0_and_1_are_symmetric_and_1_with_itself(lists: list[list[str]]) -> None:
    tfidf = make_tfidf(lists)
    cosines = tfidf.to_items(np.arange(len(lists)))
    assert cosines.min() >= 0
    assert cosines.max() <= 1
    assert cosines == pytest.approx(cosines.T, abs=1e-6)
    assert np.diag(cosines) == pytest.approx(tfidf.comparable.astype(float), abs=1e-6)


@settings(max_examples=50, deadline=None)
@given(lists=word_lists, seed=st.integers(0, 999), rare_words=st.sampled_from([0.0, 0.7, 2.0]), data=st.data())
def test_sparse_equals_its_dense_twin(
    lists: list[list[str]], seed: int, rare_words: float, data: st.DataObject
) -> None:
    genres = data.draw(st.lists(st.lists(st.sampled_from(WORDS), max_size=2), min_size=len(lists), max_size=len(lists)))
    tfidf = make_tfidf(lists, rare_words=rare_words, genres=genres)
    twin = dense_soup(counted(lists, genres), rare_words=rare_words)
    used = [WORDS.index(word) for word in WORDS if any(word in words for words in [*lists, *genres])]
    assert dense(tfidf)[:, : len(used)] == pytest.approx(twin[:, used], abs=1e-6)
    rng = np.random.default_rng(seed)
    for n_rows in (1, 70):
        weights = rng.integers(-3, 4, (n_rows, len(lists))).astype(np.float64)
        weights *= rng.random(weights.shape) < 0.5
        rows, items = np.nonzero(weights)
        cosines = tfidf.to_sums(Rows.of_pairs(rows, items, n_rows=n_rows), weights[rows, items].astype(np.float32))
        assert cosines == pytest.approx(dense_cosines(twin, weights), abs=1e-5)


@pytest.mark.parametrize("n_rows", [64, 65, 200])
def test_the_compiled_kernel_equals_its_plain_twin(n_rows: int) -> None:
    rng = np.random.default_rng(n_rows)
    lists = [list(rng.choice(list(WORDS), rng.integers(0, 5), replace=False)) for _ in range(80)]
    tfidf = make_tfidf(lists, rare_words=1.0)
    rows = Rows.of_pairs(rng.integers(0, n_rows, 900), rng.integers(0, 80, 900), n_rows=n_rows)
    weights = rng.standard_normal(rows.indices.size).astype(np.float32)
    vectors = SparseVectors(tfidf.indptr, tfidf.words, tfidf.weights)
    plain = tfidf_cosines_plain(vectors, tfidf.n_words, rows, weights)
    assert tfidf_cosines(vectors, Postings.of(vectors, tfidf.n_words), rows, weights) == pytest.approx(plain, abs=1e-6)


def test_many_at_a_time_are_as_one_by_one() -> None:
    rng = np.random.default_rng(4)
    tfidf = make_tfidf([list(rng.choice(list(WORDS), 3, replace=False)) for _ in range(70)])
    together = tfidf.to_items(np.arange(70))
    for item in (0, 31, 69):
        alone = np.array([item])
        assert tfidf.to_items(alone)[0] == pytest.approx(together[item], abs=1e-7)
        profile = tfidf.profile(alone, np.ones(1, dtype=np.float32))
        some = np.array([3, 0, 44])
        assert tfidf.to_profile_at(profile, some) == pytest.approx(together[item, some], abs=1e-7)


def test_profile_that_cancels_out_is_zero() -> None:
    tfidf = make_tfidf([["a", "b"], ["a", "b"], ["a"]])
    weights = np.array([0.3, -0.3], dtype=np.float32)
    assert not tfidf.profile(np.array([0, 1]), weights).any()
    both = Rows.of_pairs(np.repeat(np.arange(64), 2), np.tile([0, 1], 64), n_rows=64)
    assert not tfidf.to_sums(both, np.tile(weights, 64)).any()


def test_arrays_that_do_not_fit_are_refused() -> None:
    ends, words, weights = np.array([0, 1, 2]), np.array([0, 5], dtype=np.int32), np.ones(2, dtype=np.float32)
    with pytest.raises(DataError, match="positions in 0…1"):
        TfidfVectors(ends, words, weights, n_words=2)
    with pytest.raises(DataError, match="weights"):
        TfidfVectors(ends, words, weights[:1], n_words=6)
    with pytest.raises(DataError, match="finite"):
        TfidfVectors(ends, words, weights * np.float32(np.nan), n_words=6)
