"""The demo user: a person with a known password whose ratings show what the suggestions can do."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from movies.errors import MoviesError
from movies.models import Movie, Rating
from movies.services.ratings import rating_set
from sample.demo_ratings import DEMO_RATINGS, OTHER_TITLES

DEMO_USERNAME = "demo"
# Known to everyone on purpose: the account is for trying the site on one's own machine.
DEMO_PASSWORD = "popcorn-and-stars"  # noqa: S105  # The log-in that the demonstration prints.


class DemoUserError(MoviesError):
    """The demo user cannot be made; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class DemoUserSummary:
    """The demo user as it now is.

    Attributes:
        username: to log in with.
        password: to log in with; ``None`` where somebody has changed it.
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
    """Make the demo user and its ratings; a demo user who has rated anything keeps exactly those ratings.

    Raises:
        DemoUserError: there are no films yet, or the name is taken by somebody who cannot log in.

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
    """Return the film of that title and year, the most-rated one where there are several."""
    named = Q(title__iexact=title)
    for other in OTHER_TITLES.get((title, year), ()):
        named |= Q(title__iexact=other)
    return Movie.objects.filter(named, year=year).order_by("-ratings_count", "id").first()
