"""Loading the sample: a catalogue of real films and an invented crowd's ratings of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.db import transaction
from django.db.models.functions import Lower
from tqdm import tqdm

from accounts.services.crowd import crowd_users_ensure
from movies.models import Movie
from movies.services.bulk import ratings_add
from postgres.locks import transaction_lock
from sample.catalogue import SampleMovie, films_read
from sample.crowd import DEFAULT_SEED, DEFAULT_USERS, crowd_generate


@dataclass(frozen=True, slots=True)
class SampleSummary:
    """What the sample holds, and how much of it was not in the database before."""

    films: int
    users: int
    ratings: int
    films_added: int
    users_added: int
    ratings_added: int


def sample_load(*, n_users: int = DEFAULT_USERS, seed: int = DEFAULT_SEED, progress: bool = False) -> SampleSummary:
    """Add the sample's films, crowd and ratings where they are missing, all of it or nothing.

    A film that is already there, by title and year, is taken as it is. Another seed brings another crowd, beside the
    first one.

    Args:
        n_users: size of the crowd.
        seed: of the crowd.
        progress: show a progress bar on standard error.

    """
    with tqdm(total=4, desc="Sample", unit="step", disable=not progress) as bar, transaction.atomic():
        transaction_lock("movies.sample_load")
        films = films_read()
        crowd = crowd_generate(films, n_users=n_users, seed=seed)
        bar.update()
        movie_ids, films_added = _films_ensure(films)
        bar.update()
        source = "sample" if seed == DEFAULT_SEED else f"sample-{seed}"
        user_ids, users_added = crowd_users_ensure(source=source, n_users=n_users)
        bar.update()
        ratings_added = ratings_add(
            user_ids=np.array(user_ids, dtype=np.int32)[crowd.user_index],
            movie_ids=np.array(movie_ids, dtype=np.int32)[crowd.film_index],
            values=crowd.value,
            rated_at=crowd.rated_at,
        )
        bar.update()
    return SampleSummary(
        films=len(films),
        users=n_users,
        ratings=len(crowd),
        films_added=films_added,
        users_added=users_added,
        ratings_added=ratings_added,
    )


def _films_ensure(films: Sequence[SampleMovie]) -> tuple[list[int], int]:
    """Return the films' ids in the order given, and how many of them are new."""
    known = _film_ids(films)
    missing = [film for film in films if _key(film.title, film.year) not in known]
    Movie.objects.bulk_create(_movie(film) for film in missing)
    known = _film_ids(films)
    return [known[_key(film.title, film.year)] for film in films], len(missing)


def _film_ids(films: Sequence[SampleMovie]) -> dict[tuple[str, int | None], int]:
    titles = Movie.objects.annotate(folded=Lower("title")).filter(folded__in=[film.title.lower() for film in films])
    # Of several rows with one title and year the most-rated one, for it comes last.
    rows = titles.order_by("ratings_count", "-id").values_list("title", "year", "id")
    return {_key(title, year): movie_id for title, year, movie_id in rows}


def _key(title: str, year: int | None) -> tuple[str, int | None]:
    return title.lower(), year


def _movie(film: SampleMovie) -> Movie:
    return Movie(
        title=film.title,
        original_title=film.original_title,
        year=film.year,
        runtime=film.runtime,
        genres=list(film.genres),
        keywords=list(film.keywords),
        cast=list(film.cast),
        directors=list(film.directors),
    )
