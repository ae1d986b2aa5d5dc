"""What is known of items besides ratings."""

from collections.abc import Sequence
from dataclasses import dataclass

from recommender.data.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False)
class Catalogue:
    """`items`: the items described; `genres`, `words`: for each, by position, its genres and what else tells of it."""

    items: Vocabulary
    genres: Sequence[Sequence[str]]
    words: Sequence[Sequence[str]]
