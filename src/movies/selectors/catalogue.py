"""Pages of the catalogue in six orders."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import F, QuerySet, TextChoices
from django.db.models.expressions import OrderBy

from movies.models import Movie
from movies.selectors.cards import PAGE_SIZE, MovieCard, card_columns, movie_cards, user_stars

Ordering = tuple[str | OrderBy, ...]


class MovieSort(TextChoices):
    """The orders of the movie list."""

    POPULAR = "popular", "Popular"
    UNPOPULAR = "unpopular", "Unpopular"
    TOP_RATED = "top-rated", "Top rated"
    LOW_RATED = "low-rated", "Low rated"
    RECENT = "recent", "Recent"
    OLD = "old", "Old"

    @classmethod
    def from_name(cls, name: str) -> "MovieSort":
        """Return the order with this name, by default the most popular first."""
        return cls(name) if name in cls.values else cls.POPULAR


# An index of Movie serves each order. Films without a date come last in both orders by date.
_ORDERINGS: dict[MovieSort, Ordering] = {
    MovieSort.POPULAR: ("-ratings_count", "-pk"),
    MovieSort.UNPOPULAR: ("ratings_count", "pk"),
    MovieSort.TOP_RATED: ("-ratings_standing", "-pk"),
    MovieSort.LOW_RATED: ("ratings_standing", "pk"),
    MovieSort.RECENT: (F("year").desc(nulls_last=True), F("released_at").desc(nulls_last=True), "-pk"),
    MovieSort.OLD: ("year", "released_at", "pk"),
}
_ONLY_RATED = {MovieSort.TOP_RATED, MovieSort.LOW_RATED}


@dataclass(frozen=True)
class CataloguePage:
    """A page of the catalogue."""

    sort: MovieSort
    page: Page[Movie]
    cards: list[MovieCard]

    @property
    def numbers(self) -> Iterator[int | str]:
        """The page numbers to link to, with ``…`` for omitted ones."""
        return self.page.paginator.get_elided_page_range(self.page.number, on_each_side=2, on_ends=1)


def movies_sort(sort: MovieSort) -> QuerySet[Movie]:
    """Return the films in an order. The orders by rating contain only rated films."""
    movies = Movie.objects.order_by(*_ORDERINGS[sort])
    return movies.filter(ratings_count__gt=0) if sort in _ONLY_RATED else movies


def catalogue_page(*, sort: MovieSort, number: str, user_id: int | None) -> CataloguePage:
    """Return the page ``number``: the nearest page if it is out of range, the first if it is not a number."""
    paginator = Paginator(card_columns(movies_sort(sort)), PAGE_SIZE)
    page = paginator.page(_page_number(number, last=paginator.num_pages))
    movies = list(page.object_list)
    ratings = user_stars(user_id=user_id, movie_ids=[movie.pk for movie in movies])
    return CataloguePage(sort=sort, page=page, cards=movie_cards(movies, ratings=ratings))


def _page_number(number: str, *, last: int) -> int:
    # Twelve digits exceed every number of pages, and are short enough to convert.
    digits = number.strip()[:12]
    return min(max(int(digits), 1), last) if digits.isascii() and digits.isdigit() else 1
