import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.terms import terms_of

from recommender.data.catalogue import Catalogue
from recommender.data.term_matrix import TermMatrix
from recommender.data.vocabulary import Vocabulary
from recommender.errors import ConfigError, DataError


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue.of(
        [30, 10, 20],
        genres=[["War", "Drama"], ["Comedy"], []],
        keywords=[["war", "new  york"], ["New York"], []],
        cast=[["Ann", "Bob"], ["Bob"], []],
        directors=[["Bob"], [], [" "]],
    )


def test_rows_in_any_order_come_back_by_id(catalogue: Catalogue) -> None:
    assert catalogue.items.ids.tolist() == [10, 20, 30]
    assert [terms_of(catalogue.genres, item) for item in range(3)] == [("Comedy",), (), ("Drama", "War")]
    assert terms_of(catalogue.keywords, 2) == ("new york", "war")
    assert catalogue.directors.words == ("Bob",)


def test_word_counts_add_up_over_kinds_and_ignore_case(catalogue: Catalogue) -> None:
    words, rows, counts = catalogue.word_counts()
    assert words == ("ann", "bob", "comedy", "drama", "new york", "war")
    last = slice(rows.indptr[2], rows.indptr[3])
    assert {words[word]: int(count) for word, count in zip(rows.indices[last], counts[last], strict=True)} == {
        "ann": 1,
        "bob": 2,
        "drama": 1,
        "new york": 1,
        "war": 2,
    }
    assert rows.indptr[1] == rows.indptr[2]


def test_unknown_items_have_no_words(catalogue: Catalogue) -> None:
    wider = catalogue.over(Vocabulary.of([5, 30, 40]))
    assert [terms_of(wider.genres, item) for item in range(3)] == [(), ("Drama", "War"), ()]
    assert terms_of(wider.cast, 1) == ("Ann", "Bob")


def test_a_mask_includes_any_wanted_genre_and_no_excluded_one(catalogue: Catalogue) -> None:
    assert catalogue.mask().tolist() == [True, True, True]
    assert catalogue.mask(genres=["comedy", "War"]).tolist() == [True, False, True]
    assert catalogue.mask(exclude_genres=["Drama"]).tolist() == [True, True, False]
    assert catalogue.mask(genres=["Comedy", "War"], exclude_genres=["Drama"]).tolist() == [True, False, False]


def test_an_unknown_genre_is_refused_by_name(catalogue: Catalogue) -> None:
    with pytest.raises(ConfigError, match="no genre 'Sci-Fi': choose among Comedy, Drama, War"):
        catalogue.mask(genres=["Sci-Fi"])
    with pytest.raises(ConfigError, match="no genre 'Opera'"):
        catalogue.mask(exclude_genres=["Opera"])


def test_invalid_catalogues_are_refused() -> None:
    with pytest.raises(DataError, match="Item 7 is described twice"):
        Catalogue.of([7, 3, 7], genres=[[], [], []])
    with pytest.raises(DataError, match="2 items, but cast of 1"):
        Catalogue.of([1, 2], genres=[[], []], cast=[["Ann"]])
    with pytest.raises(DataError, match=r"number 1 has the text 'Drama'.*\[\"Drama\"\]"):
        Catalogue.of([1, 2], genres=[["War"], "Drama"])
    with pytest.raises(DataError, match="number 0 has \\[3\\]"):
        Catalogue.of([1], genres=[[3]])  # type: ignore[list-item]  # What is being tested.


def test_a_catalogue_may_be_empty() -> None:
    empty = Catalogue.of([], genres=[])
    assert len(empty) == 0
    assert empty.word_counts().words == ()
    assert empty.over(Vocabulary.of([1, 2])).mask().tolist() == [True, True]


@settings(deadline=None)
@given(lists=st.lists(st.lists(st.text(max_size=3), max_size=5), max_size=12), data=st.data())
def test_any_words_survive_a_round_trip(lists: list[list[str]], data: st.DataObject) -> None:
    cleaned = [sorted({" ".join(word.split()) for word in words} - {""}) for words in lists]
    rows = TermMatrix.of(lists)
    assert [list(terms_of(rows, item)) for item in range(len(lists))] == cleaned
    wanted = data.draw(st.lists(st.integers(-1, len(lists) - 1), max_size=8)) if lists else [-1]
    taken = rows.take(np.array(wanted, dtype=np.int64))
    assert [list(terms_of(taken, at)) for at in range(len(wanted))] == [[] if w < 0 else cleaned[w] for w in wanted]
