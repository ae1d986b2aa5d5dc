"""The shelf of films on the home page: what is suggested to a user, or else what is popular."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from movies.models import Movie, Rating, SuggestionList
from movies.selectors.cards import PAGE_SIZE, MovieCard, card_columns

_POSITION = re.compile(r"([0-9]{1,6})(?:@([0-9]{1,20}))?")
_AFTER_MOVIE = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")


@dataclass(frozen=True)
class Origin:
    """The model that a shelf comes from, and when it was filled."""

    model: str
    created_at: datetime


@dataclass(frozen=True)
class HomePage:
    """One page of films; ``next_cursor`` leads to the next one and is empty on the last.

    ``origin`` is ``None`` where the films are merely popular.
    """

    cards: list[MovieCard]
    next_cursor: str
    n_rated: int
    origin: Origin | None = None


def home_page(*, user_id: int | None, cursor: str = "") -> HomePage:
    """Return a page of films that the user has not rated: what is suggested, best first, or else what is popular.

    A suggestion's cursor is a position in the stored list, a popular film's is its place among the popular; so films
    that are rated between two pages neither hide others nor show them twice. A position may name the edition of the
    list (``24@<edition>``): once the list has been written anew, it is the start. So is a cursor that makes no sense.
    """
    if user_id is None:
        return _popular(Movie.objects.all(), cursor=cursor, n_rated=0)
    rated = set(Rating.objects.filter(user_id=user_id).values_list("movie_id", flat=True))
    suggested = None if _AFTER_MOVIE.fullmatch(cursor) else _suggested(user_id=user_id, rated=rated, cursor=cursor)
    if suggested is not None and (suggested.cards or cursor):
        return suggested
    unrated = Movie.objects.filter(~Exists(Rating.objects.filter(user_id=user_id, movie_id=OuterRef("pk"))))
    return _popular(unrated, cursor=cursor, n_rated=len(rated))


def _suggested(*, user_id: int, rated: set[int], cursor: str) -> HomePage | None:
    row = SuggestionList.objects.select_related("model_version").filter(user_id=user_id).first()
    if row is None:
        return None
    edition = str(int(row.created_at.timestamp() * 1_000_000))
    start = _start(cursor, edition=edition)
    places = [place for place in range(start, len(row.movie_ids)) if row.movie_ids[place] not in rated]
    shown, later = places[:PAGE_SIZE], places[PAGE_SIZE:]
    # Films come back in any order; the stored one is what counts. One deleted since is left out.
    movies = card_columns(Movie.objects.all()).in_bulk([row.movie_ids[place] for place in shown])
    cards = [
        MovieCard(movie, predicted=row.scores[place]) for place in shown if (movie := movies.get(row.movie_ids[place]))
    ]
    origin = Origin(model=str(row.model_version), created_at=row.created_at)
    return HomePage(cards, next_cursor=f"{later[0]}@{edition}" if later else "", n_rated=len(rated), origin=origin)


def _start(cursor: str, *, edition: str) -> int:
    position = _POSITION.fullmatch(cursor)
    if position is None or position[2] not in {None, edition}:
        return 0
    return int(position[1])


def _popular(movies: QuerySet[Movie], *, cursor: str, n_rated: int) -> HomePage:
    after = _AFTER_MOVIE.fullmatch(cursor)
    if after:
        count, movie_id = int(after[1]), int(after[2])
        movies = movies.filter(Q(ratings_count__lt=count) | Q(ratings_count=count, pk__lt=movie_id))
        # The same again in a form that lets PostgreSQL start its walk of the index there.
        movies = movies.filter(ratings_count__lte=count)
    found = list(card_columns(movies).order_by("-ratings_count", "-pk")[: PAGE_SIZE + 1])
    return HomePage(_plain(found[:PAGE_SIZE]), next_cursor=_cursor_after(found), n_rated=n_rated)


def _plain(movies: Iterable[Movie]) -> list[MovieCard]:
    return [MovieCard(movie) for movie in movies]


def _cursor_after(found: list[Movie]) -> str:
    if len(found) <= PAGE_SIZE:
        return ""
    last = found[PAGE_SIZE - 1]
    return f"{last.ratings_count}-{last.pk}"
