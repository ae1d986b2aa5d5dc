"""Loading the sample: a catalogue of real films and the ratings of a generated crowd."""

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
from sample.catalogue import SampleMovie, read_catalogue
from sample.crowd import DEFAULT_SEED, DEFAULT_USERS, generate_crowd


@dataclass(frozen=True, slots=True)
class SampleSummary:
    """The size of the sample, and how much of it is new in the database."""

    movies: int
    users: int
    ratings: int
    movies_added: int
    users_added: int
    ratings_added: int


def sample_load(*, n_users: int = DEFAULT_USERS, seed: int = DEFAULT_SEED, progress: bool = False) -> SampleSummary:
    """Add the missing films, crowd users and ratings of the sample in one transaction.

    A film that is already in the database, by title and year, stays unchanged. Another seed adds another crowd beside
    the first one.

    Args:
        n_users: size of the crowd.
        seed: of the crowd.
        progress: show a progress bar on standard error.

    """
    with tqdm(total=4, desc="Sample", unit="step", disable=not progress) as bar, transaction.atomic():
        transaction_lock("movies.sample_load")
        movies = read_catalogue()
        crowd = generate_crowd(movies, n_users=n_users, seed=seed)
        bar.update()
        movie_ids, movies_added = _movies_ensure(movies)
        bar.update()
        source = "sample" if seed == DEFAULT_SEED else f"sample-{seed}"
        user_ids, users_added = crowd_users_ensure(source=source, n_users=n_users)
        bar.update()
        ratings_added = ratings_add(
            user_ids=np.array(user_ids, dtype=np.int32)[crowd.user_index],
            movie_ids=np.array(movie_ids, dtype=np.int32)[crowd.movie_index],
            values=crowd.value,
            rated_at=crowd.rated_at,
        )
        bar.update()
    return SampleSummary(
        movies=len(movies),
        users=n_users,
        ratings=len(crowd),
        movies_added=movies_added,
        users_added=users_added,
        ratings_added=ratings_added,
    )


def _movies_ensure(movies: Sequence[SampleMovie]) -> tuple[list[int], int]:
    """Return the ids of ``movies``, in the same order, and how many of them are new."""
    known = _movie_ids(movies)
    missing = [movie for movie in movies if _key(movie.title, movie.year) not in known]
    Movie.objects.bulk_create(_movie(movie) for movie in missing)
    known = _movie_ids(movies)
    return [known[_key(movie.title, movie.year)] for movie in movies], len(missing)


def _movie_ids(movies: Sequence[SampleMovie]) -> dict[tuple[str, int | None], int]:
    titles = Movie.objects.annotate(folded=Lower("title")).filter(folded__in=[movie.title.lower() for movie in movies])
    # If several rows share a title and year, the most-rated one wins because it comes last.
    rows = titles.order_by("ratings_count", "-id").values_list("title", "year", "id")
    return {_key(title, year): movie_id for title, year, movie_id in rows}


def _key(title: str, year: int | None) -> tuple[str, int | None]:
    return title.lower(), year


def _movie(movie: SampleMovie) -> Movie:
    return Movie(
        title=movie.title,
        original_title=movie.original_title,
        year=movie.year,
        runtime=movie.runtime,
        genres=list(movie.genres),
        keywords=list(movie.keywords),
        cast=list(movie.cast),
        directors=list(movie.directors),
    )
