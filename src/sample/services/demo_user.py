"""Creating the demo user, who has a public password and ratings of well-known films."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from movies.errors import MoviesError
from movies.models import Movie, Rating
from movies.services.ratings import rating_set
from sample.demo_ratings import DEMO_RATINGS, OTHER_TITLES

DEMO_USERNAME = "demo"
# Public on purpose: the account is for trying out the site on your own machine.
DEMO_PASSWORD = "popcorn-and-stars"  # noqa: S105  # The log-in that the demonstration prints.


class DemoUserError(MoviesError):
    """The demo user cannot be created; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class DemoUserSummary:
    """The state of the demo user.

    Attributes:
        username: to log in with.
        password: to log in with; ``None`` if it was changed.
        created: whether the user is new.
        ratings: how many ratings the user has.
        ratings_added: how many of them are new.

    """

    username: str
    password: str | None
    created: bool
    ratings: int
    ratings_added: int


def demo_user_create() -> DemoUserSummary:
    """Create the demo user and its ratings. A demo user who has rated any film keeps exactly those ratings.

    Raises:
        DemoUserError: there are no films yet, or the name belongs to a user who cannot log in.

    """
    with transaction.atomic():
        if not Movie.objects.exists():
            raise DemoUserError("There are no films to rate yet; run loadsample or importdataset first.")
        user = User.objects.select_for_update().filter(username=DEMO_USERNAME).first()
        created = user is None
        if user is None:
            user = User.objects.create_user(DEMO_USERNAME, password=DEMO_PASSWORD)
        if user.kind != User.Kind.PERSON or not user.is_active:
            raise DemoUserError(
                f"The name {DEMO_USERNAME!r} belongs to a user who cannot log in; rename or delete that user first."
            )
        rated = Rating.objects.filter(user=user).count()
        added = 0 if rated else _rate(user)
    return DemoUserSummary(
        username=DEMO_USERNAME,
        password=DEMO_PASSWORD if user.check_password(DEMO_PASSWORD) else None,
        created=created,
        ratings=rated + added,
        ratings_added=added,
    )


def _rate(user: User) -> int:
    added = 0
    for title, year, value in sorted(DEMO_RATINGS):
        movie = _movie_find(title=title, year=year)
        if movie is not None:
            rating_set(user_id=user.pk, movie_id=movie.pk, value=value)
            added += 1
    return added


def _movie_find(*, title: str, year: int) -> Movie | None:
    """Return the film of that title and year, or the most-rated one of several."""
    named = Q(title__iexact=title)
    for other in OTHER_TITLES.get((title, year), ()):
        named |= Q(title__iexact=other)
    return Movie.objects.filter(named, year=year).order_by("-ratings_count", "id").first()
