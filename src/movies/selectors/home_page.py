"""The films on the home page: those suggested to the user, or popular ones."""

import re
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from movies.models import Movie, Rating, SuggestionList
from movies.selectors.cards import PAGE_SIZE, MovieCard, card_columns

_POSITION = re.compile(r"([0-9]{1,6})(?:@([0-9]{1,20}))?")
_AFTER_MOVIE = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")


@dataclass(frozen=True)
class HomePage:
    """One page of films. ``next_cursor`` leads to the next page and is empty on the last one.

    ``n_rated``: how many films the user has rated; ``suggestions``: the list that the films come from, or ``None`` if
    they are popular films.
    """

    cards: list[MovieCard]
    next_cursor: str
    n_rated: int
    suggestions: SuggestionList | None = None


def home_page(*, user_id: int | None, cursor: str = "") -> HomePage:
    """Return a page of films that the user has not rated: suggestions, best first, or else popular films.

    The cursor of suggestions is a position in the stored list; that of popular films is the rating count and id of the
    last film. So films that are rated between two pages neither hide others nor show them twice. A position can contain
    the edition of the list (``24@<edition>``). If the list has been rewritten since, or if the cursor is not valid, the
    page starts at the beginning.
    """
    if user_id is None:
        return _popular_page(Movie.objects.all(), cursor=cursor, n_rated=0)
    rated = set(Rating.objects.filter(user_id=user_id).values_list("movie_id", flat=True))
    suggested = None if _AFTER_MOVIE.fullmatch(cursor) else _page_of_suggestions(user_id, rated=rated, cursor=cursor)
    if suggested is not None and (suggested.cards or cursor):
        return suggested
    unrated = Movie.objects.filter(~Exists(Rating.objects.filter(user_id=user_id, movie_id=OuterRef("pk"))))
    return _popular_page(unrated, cursor=cursor, n_rated=len(rated))


def _page_of_suggestions(user_id: int, *, rated: set[int], cursor: str) -> HomePage | None:
    row = SuggestionList.objects.select_related("model_version").filter(user_id=user_id).first()
    if row is None:
        return None
    edition = str(int(row.created_at.timestamp() * 1_000_000))
    start = _start_position(cursor, edition=edition)
    ranks = [rank for rank in range(start, len(row.movie_ids)) if row.movie_ids[rank] not in rated]
    shown, later = ranks[:PAGE_SIZE], ranks[PAGE_SIZE:]
    # The stored order counts. Films deleted since are left out.
    movies = card_columns(Movie.objects.all()).in_bulk([row.movie_ids[rank] for rank in shown])
    cards = [
        MovieCard(movie, predicted=row.scores[rank]) for rank in shown if (movie := movies.get(row.movie_ids[rank]))
    ]
    return HomePage(cards, next_cursor=f"{later[0]}@{edition}" if later else "", n_rated=len(rated), suggestions=row)


def _start_position(cursor: str, *, edition: str) -> int:
    position = _POSITION.fullmatch(cursor)
    if position is None or position[2] not in {None, edition}:
        return 0
    return int(position[1])


def _popular_page(movies: QuerySet[Movie], *, cursor: str, n_rated: int) -> HomePage:
    after = _AFTER_MOVIE.fullmatch(cursor)
    if after:
        count, movie_id = int(after[1]), int(after[2])
        movies = movies.filter(Q(ratings_count__lt=count) | Q(ratings_count=count, pk__lt=movie_id))
        # Redundant, but lets PostgreSQL start its index scan there.
        movies = movies.filter(ratings_count__lte=count)
    found = list(card_columns(movies).order_by("-ratings_count", "-pk")[: PAGE_SIZE + 1])
    return HomePage(
        [MovieCard(movie) for movie in found[:PAGE_SIZE]], next_cursor=_cursor_after(found), n_rated=n_rated
    )


def _cursor_after(found: list[Movie]) -> str:
    if len(found) <= PAGE_SIZE:
        return ""
    last = found[PAGE_SIZE - 1]
    return f"{last.ratings_count}-{last.pk}"
