"""Colours of a poster: each genre has its own."""

from typing import NamedTuple


class Palette(NamedTuple):
    """Hex colours: the ground, two shapes on it, and the letters (at least 4.5 : 1 against the ground)."""

    ground: str
    tone: str
    accent: str
    ink: str


_PALETTES: dict[str, tuple[Palette, ...]] = {
    "action": (
        Palette("#1c1a1f", "#d8412f", "#f2a541", "#f7ead3"),
        Palette("#f0b429", "#1f2933", "#c0392b", "#1b1d22"),
        Palette("#23364d", "#e9643b", "#f4d58d", "#f6efe0"),
    ),
    "adventure": (
        Palette("#12363c", "#e08e45", "#f3d9a4", "#f9f1df"),
        Palette("#dcebe1", "#2f7f86", "#e07a3f", "#16343a"),
        Palette("#5a2a1f", "#d9793d", "#f3cf8e", "#fbeedd"),
    ),
    "animation": (
        Palette("#f4c95d", "#e4572e", "#2e86ab", "#23262f"),
        Palette("#2f4b7c", "#ff7c5c", "#ffd166", "#fff6e3"),
    ),
    "comedy": (
        Palette("#f6e7cb", "#ef6f6c", "#2f9c95", "#26303a"),
        Palette("#ffd7a8", "#3d5a80", "#ee6c4d", "#22304a"),
        Palette("#206a5d", "#f7b267", "#f4845f", "#fdf3e1"),
    ),
    "crime": (
        Palette("#15181d", "#8d99ae", "#d62839", "#edf2f4"),
        Palette("#2a2320", "#b08968", "#e6ccb2", "#f5ebe0"),
    ),
    "documentary": (Palette("#e9e4d8", "#4a6670", "#c8553d", "#20272b"),),
    "drama": (
        Palette("#2b2d42", "#b56576", "#eaac8b", "#f6eee3"),
        Palette("#e8dccb", "#7c6a5a", "#b5482f", "#2a2420"),
        Palette("#27413c", "#7fa99b", "#e3c58e", "#f3efe2"),
        Palette("#42313f", "#a26769", "#d9b08c", "#f6ece2"),
    ),
    "family": (Palette("#cfe8ef", "#f79d5c", "#457b9d", "#1d3143"),),
    "fantasy": (
        Palette("#241e4e", "#7d53de", "#f0b67f", "#f4ecff"),
        Palette("#123a4a", "#6fb1a0", "#f2d0a4", "#f1f5ea"),
    ),
    "film-noir": (Palette("#101010", "#6b6b6b", "#d9d9d9", "#f2f2f2"),),
    "history": (Palette("#3b2f2f", "#a47148", "#d4b483", "#f5ebd8"),),
    "horror": (
        Palette("#120d0f", "#7a0c17", "#d7263d", "#efe3d8"),
        Palette("#18211b", "#4f6f52", "#b9c58f", "#edf1dc"),
    ),
    "music": (Palette("#3a0f3f", "#d65db1", "#ffc75f", "#fff3e2"),),
    "mystery": (Palette("#0f2530", "#2f6f73", "#cfae70", "#eae6d6"),),
    "romance": (
        Palette("#f3d8d3", "#d1495b", "#8d2b44", "#3a1a24"),
        Palette("#4a1931", "#c9184a", "#ffb3c1", "#fff0f3"),
    ),
    "science fiction": (
        Palette("#0b132b", "#3a6ea5", "#5bc0be", "#e8f4f2"),
        Palette("#1b1130", "#5a4fcf", "#ff6f59", "#f5eefc"),
        Palette("#e6ebe9", "#1f5f8b", "#f26b38", "#142430"),
    ),
    "thriller": (
        Palette("#1d2a2c", "#5c7c7d", "#e9b44c", "#f0ece0"),
        Palette("#d8d4c7", "#27323a", "#c8402a", "#171d21"),
    ),
    "war": (Palette("#2c2f24", "#6b705c", "#b5562c", "#ece5d0"),),
    "western": (
        Palette("#d98b52", "#7f3420", "#f6d79b", "#26130d"),
        Palette("#4f2417", "#b5562c", "#f0c27b", "#fbeed6"),
    ),
}
_SAME_AS = {"sci-fi": "science fiction", "musical": "music", "children": "family", "children's": "family"}
_OTHERWISE = (Palette("#2a3038", "#66788a", "#d8a657", "#eef0ee"), Palette("#e4e0d6", "#5b6770", "#b5562c", "#22272b"))


def genre_name(genre: str) -> str:
    """Return a genre in the spelling that palettes and motifs are listed under."""
    lowered = genre.strip().lower()
    return _SAME_AS.get(lowered, lowered)


def palettes_of(genre: str) -> tuple[Palette, ...]:
    """Return the palettes of a genre; an unknown one has palettes of its own."""
    return _PALETTES.get(genre_name(genre), _OTHERWISE)


def all_palettes() -> list[Palette]:
    """Return every palette once."""
    return [palette for palettes in (*_PALETTES.values(), _OTHERWISE) for palette in palettes]
