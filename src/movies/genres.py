"""The known genres: the English names of TMDB, and Film-Noir, which only MovieLens has."""

from functools import lru_cache

TMDB_GENRES = (
    *("Action", "Adventure", "Animation", "Comedy", "Crime", "Documentary", "Drama", "Family", "Fantasy", "Foreign"),
    *("History", "Horror", "Music", "Mystery", "Romance", "Science Fiction", "TV Movie", "Thriller", "War", "Western"),
)
KNOWN_GENRES = frozenset({*TMDB_GENRES, "Film-Noir"})
_SYNONYMS = {"Children": "Family", "Children's": "Family", "Musical": "Music", "Sci-Fi": "Science Fiction"}


# Data sets repeat few combinations of genres in thousands of rows.
@lru_cache(maxsize=4096)
def translate_genres(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the known genres among ``names``, each once, in their order, with synonyms translated.

    Other names are dropped, such as ``IMAX``, ``(no genres listed)`` and production companies.
    """
    translated = (_SYNONYMS.get(name.strip(), name.strip()) for name in names)
    return tuple(dict.fromkeys(name for name in translated if name in KNOWN_GENRES))
