from collections.abc import Iterable

import pytest

from importing.datasets.dataset import MovieRecord, Reason
from importing.loading.movie_matching import Entry, Matching, MovieMatcher, title_keys


def movie(key: int, title: str = "Film", **fields: object) -> MovieRecord:
    return MovieRecord(file="movies.csv", line=key, key=key, title=title, **fields)  # type: ignore[arg-type]  # The fields of a film.


def match(
    known: list[Entry], movies: list[MovieRecord], *, overwrites: bool = False, external: dict[int, int] | None = None
) -> Matching:
    def new_pks(count: int) -> Iterable[int]:
        return range(100, 100 + count)

    return MovieMatcher(known, external or {}).match(movies, new_pks=new_pks, overwrites=overwrites)


def test_tmdb_id_takes_precedence_over_imdb_and_movielens_ids() -> None:
    known = [Entry(1, movielens_id=5), Entry(2, imdb_id="tt0000002"), Entry(3, tmdb_id=7)]

    matching = match(known, [movie(1, tmdb_id=7, imdb_id="tt0000002", movielens_id=5)])

    assert [entry.pk for entry in matching.entries] == [3]
    assert [skip.reason for skip in matching.skips] == [Reason.ID_TAKEN] * 2


def test_film_matched_by_imdb_id_gains_its_other_ids() -> None:
    (entry,) = match(
        [Entry(2, imdb_id="tt0000002")], [movie(1, tmdb_id=7, imdb_id="tt0000002", movielens_id=5)]
    ).entries

    assert (entry.pk, entry.tmdb_id, entry.movielens_id) == (2, 7, 5)


def test_films_with_different_tmdb_ids_are_never_matched() -> None:
    known = [Entry(2, tmdb_id=8, imdb_id="tt0000002", movielens_id=5, names=title_keys("Film", ""), year=2000)]

    (entry,) = match(known, [movie(1, tmdb_id=7, imdb_id="tt0000002", movielens_id=5, year=2000)]).entries

    assert (entry.pk, entry.is_new, entry.tmdb_id, entry.imdb_id) == (100, True, 7, None)


@pytest.mark.parametrize(
    ("title", "original_title", "year", "is_met"),
    [
        ("the matrix!", "", 1999, True),
        ("Matrix", "The Matrix", 1999, True),
        ("Die Matrix", "", 1999, True),
        ("The Matrix", "", 1998, True),
        ("The Matrix", "", 2000, True),
        ("The Matrix", "", 2001, False),
        ("The Matrix", "", None, False),
        ("Matrix", "", 1999, False),
    ],
)
def test_films_without_a_common_id_are_matched_by_title_and_year(
    title: str, original_title: str, year: int | None, *, is_met: bool
) -> None:
    known = [Entry(2, tmdb_id=8, names=title_keys("The Matrix", "Die Matrix"), year=1999)]

    (entry,) = match(known, [movie(1, title, original_title=original_title, year=year)]).entries

    assert (entry.pk == 2) is is_met


def test_exact_year_takes_precedence_over_the_next_year() -> None:
    known = [Entry(pk, tmdb_id=pk, names=title_keys("Hamlet", ""), year=year) for pk, year in ((1, 1990), (2, 1991))]

    assert match(known, [movie(5, "Hamlet", year=1990)]).entries[0].pk == 1


def test_year_between_two_remakes_matches_neither() -> None:
    known = [Entry(pk, tmdb_id=pk, names=title_keys("Hamlet", ""), year=year) for pk, year in ((1, 1990), (2, 1992))]

    assert match(known, [movie(5, "Hamlet", year=1991)]).entries[0].is_new


def test_two_remakes_of_one_year_match_neither() -> None:
    emmas = [Entry(pk, tmdb_id=pk, names=title_keys("Emma", ""), year=1996) for pk in (1, 2)]

    assert match(emmas, [movie(5, "Emma", year=1996)]).entries[0].is_new


def test_rows_with_ids_and_one_title_do_not_match_a_film_without_ids() -> None:
    known = [Entry(1, names=title_keys("Emma", ""), year=1996)]
    movies = [movie(5, "Emma", year=1996, movielens_id=5), movie(6, "Emma", year=1996, movielens_id=6)]

    assert all(entry.is_new for entry in match(known, movies).entries)


def test_film_repeated_without_ids_matches_the_first_row() -> None:
    known = [Entry(pk, names=title_keys("Ice Storm", ""), year=1997) for pk in (3, 4)]

    (entry,) = match(known, [movie(1, "Ice Storm", year=1997, tmdb_id=68)]).entries

    assert (entry.pk, entry.tmdb_id) == (3, 68)


def test_two_rows_of_a_data_set_never_match_one_film() -> None:
    movies = [movie(6003, tmdb_id=4912, imdb_id="tt0290538"), movie(144606, tmdb_id=4912, imdb_id="tt0270288")]

    first = match([], movies)
    again = match([Entry(9, tmdb_id=4912, imdb_id="tt0270288")], movies)

    assert [(entry.pk, entry.tmdb_id) for entry in first.entries] == [(100, 4912), (101, None)]
    assert [(entry.pk, entry.tmdb_id) for entry in again.entries] == [(100, None), (9, 4912)]


def test_own_id_of_a_data_set_matches_again() -> None:
    assert match([Entry(2, tmdb_id=8)], [movie(17, "Renamed since")], external={17: 2}).entries[0].pk == 2


def test_imdb_id_is_replaced_only_by_a_set_that_overwrites() -> None:
    def meet(*, overwrites: bool) -> Matching:
        return match(
            [Entry(2, tmdb_id=8, imdb_id="tt0000001")],
            [movie(8, tmdb_id=8, imdb_id="tt0000002")],
            overwrites=overwrites,
        )

    assert (meet(overwrites=False).entries[0].imdb_id, meet(overwrites=False).released) == ("tt0000001", [])
    assert (meet(overwrites=True).entries[0].imdb_id, meet(overwrites=True).released) == ("tt0000002", [2])


def test_freed_imdb_id_goes_to_the_film_that_needs_it() -> None:
    known = [Entry(1, tmdb_id=1), Entry(2, tmdb_id=2, imdb_id="tt0000001")]
    movies = [movie(1, tmdb_id=1, imdb_id="tt0000001"), movie(2, tmdb_id=2, imdb_id="tt0000002")]

    matching = match(known, movies, overwrites=True)

    assert [entry.imdb_id for entry in matching.entries] == ["tt0000001", "tt0000002"]
    assert matching.skips == []
