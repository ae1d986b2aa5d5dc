"""What films are about, as algorithms take it."""

from movies.models import Movie
from recommender.data.catalogue import Catalogue
from recommender.data.vocabulary import Vocabulary


def catalogue_read() -> Catalogue:
    """Return genres, and keywords, cast and directors, of every film."""
    columns = Movie.objects.order_by("pk").values_list("pk", "genres", "keywords", "cast", "directors")
    rows = list(columns.iterator(chunk_size=10_000))
    return Catalogue(
        items=Vocabulary.of([pk for pk, *_ in rows]),
        genres=[genres for _, genres, *_ in rows],
        words=[[*keywords, *cast, *directors] for _, _, keywords, cast, directors in rows],
    )
