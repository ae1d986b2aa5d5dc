"""Films like a film: by what people rated alike, or else by what they are about."""

from movies.models import Movie, SimilarMovies
from movies.selectors.cards import card_columns

N_SIMILAR = 12
# So many of the most-rated films that share a genre are looked at for shared keywords.
_LOOKED_AT = 500
# A shared director or keyword says more than a shared genre, which all of these have.
_WEIGHTS = {"directors": 3, "keywords": 2, "genres": 1}


def similar_movies(movie: Movie, *, count: int = N_SIMILAR) -> list[Movie]:
    """Return films like this one, the most alike first, never itself.

    They are those that the live model finds alike; for a film that it does not know, those of its genres that share the
    most keywords, directors and genres with it, the most rated first among equals.
    """
    row = SimilarMovies.objects.filter(movie_id=movie.pk).first()
    if row is not None:
        # Films come back in any order; the stored one is what counts. One deleted since is left out.
        found = card_columns(Movie.objects.all()).in_bulk(row.movie_ids[: 2 * count])
        similar = [found[movie_id] for movie_id in row.movie_ids if movie_id in found]
        if similar:
            return similar[:count]
    return _about_the_same(movie, count)


def _about_the_same(movie: Movie, count: int) -> list[Movie]:
    if not movie.genres:
        return []
    others = Movie.objects.filter(genres__overlap=movie.genres).exclude(pk=movie.pk)
    popular = list(others.order_by("-ratings_count", "-pk").values_list("pk", *_WEIGHTS)[:_LOOKED_AT])
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
