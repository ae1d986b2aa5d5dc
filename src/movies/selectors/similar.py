"""Similar films: by the live model, or else by shared metadata."""

from movies.models import Movie, SimilarMovies
from movies.selectors.cards import card_columns

N_SIMILAR = 12
# Films that share a genre, most-rated first, whose metadata is compared.
_N_COMPARED = 500
# A shared director or keyword says more than a shared genre, which all of them have.
_WEIGHTS = {"directors": 3, "keywords": 2, "genres": 1}


def similar_movies(movie: Movie, *, count: int = N_SIMILAR) -> list[Movie]:
    """Return the films most similar to this one, most similar first.

    They come from the live model. For a film that it does not know, they are the films that share the most directors,
    keywords and genres with it; among equals, the most-rated first.
    """
    row = SimilarMovies.objects.filter(movie_id=movie.pk).first()
    if row is not None:
        # The stored order counts. Films deleted since are left out.
        found = card_columns(Movie.objects.all()).in_bulk(row.movie_ids[: 2 * count])
        similar = [found[movie_id] for movie_id in row.movie_ids if movie_id in found]
        if similar:
            return similar[:count]
    return _similar_by_metadata(movie, count)


def _similar_by_metadata(movie: Movie, count: int) -> list[Movie]:
    if not movie.genres:
        return []
    others = Movie.objects.filter(genres__overlap=movie.genres).exclude(pk=movie.pk)
    popular = list(others.order_by("-ratings_count", "-pk").values_list("pk", *_WEIGHTS)[:_N_COMPARED])
    mine = [set(getattr(movie, name)) for name in _WEIGHTS]
    shared = {
        pk: sum(
            weight * len(words & set(theirs))
            for words, theirs, weight in zip(mine, columns, _WEIGHTS.values(), strict=True)
        )
        for pk, *columns in popular
    }
    best = sorted(shared, key=lambda pk: -shared[pk])[:count]
    found = card_columns(Movie.objects.all()).in_bulk(best)
    return [found[pk] for pk in best if pk in found]
