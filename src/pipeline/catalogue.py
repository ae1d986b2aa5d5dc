"""What films are about, as algorithms take it."""

from movies.models import Movie
from recommender.data.catalogue import Catalogue


def catalogue_from_database() -> Catalogue:
    """Return genres, keywords, cast and directors of every film."""
    columns = Movie.objects.order_by("pk").values_list("pk", "genres", "keywords", "cast", "directors")
    rows = list(columns.iterator(chunk_size=10_000))
    return Catalogue.of(
        [pk for pk, *_ in rows],
        genres=[genres for _, genres, *_ in rows],
        keywords=[keywords for _, _, keywords, *_ in rows],
        cast=[cast for *_, cast, _ in rows],
        directors=[directors for *_, directors in rows],
    )
