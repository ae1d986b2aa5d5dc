"""One vocabulary of genres: the English names of TMDB, and Film-Noir, which only MovieLens knows."""

from collections.abc import Iterable

TMDB_GENRES = frozenset(
    {
        "Action",
        "Adventure",
        "Animation",
        "Comedy",
        "Crime",
        "Documentary",
        "Drama",
        "Family",
        "Fantasy",
        "Foreign",
        "History",
        "Horror",
        "Music",
        "Mystery",
        "Romance",
        "Science Fiction",
        "TV Movie",
        "Thriller",
        "War",
        "Western",
    }
)
KNOWN_GENRES = TMDB_GENRES | {"Film-Noir"}
_SYNONYMS = {"Children": "Family", "Children's": "Family", "Musical": "Music", "Sci-Fi": "Science Fiction"}


def known_genres(names: Iterable[str]) -> tuple[str, ...]:
    """Return the genres among ``names`` in our words, each once, in their order.

    What is no genre is dropped: ``IMAX``, ``(no genres listed)``, ``unknown``, names of production companies.
    """
    translated = (_SYNONYMS.get(name.strip(), name.strip()) for name in names)
    return tuple(dict.fromkeys(name for name in translated if name in KNOWN_GENRES))
