"""Colour palettes of posters, by genre."""

from typing import NamedTuple


class Palette(NamedTuple):
    """Hex colours of the background, two kinds of shapes and the text, with a text contrast of at least 4.5 : 1."""

    ground: str
    tone: str
    accent: str
    ink: str


# The four colours of a palette, and the genre that uses it; `other` stands for all genres that are not listed.
_TABLE = """
#1c1a1f #d8412f #f2a541 #f7ead3 action
#f0b429 #1f2933 #c0392b #1b1d22 action
#23364d #e9643b #f4d58d #f6efe0 action
#12363c #e08e45 #f3d9a4 #f9f1df adventure
#dcebe1 #2f7f86 #e07a3f #16343a adventure
#5a2a1f #d9793d #f3cf8e #fbeedd adventure
#f4c95d #e4572e #2e86ab #23262f animation
#2f4b7c #ff7c5c #ffd166 #fff6e3 animation
#f6e7cb #ef6f6c #2f9c95 #26303a comedy
#ffd7a8 #3d5a80 #ee6c4d #22304a comedy
#206a5d #f7b267 #f4845f #fdf3e1 comedy
#15181d #8d99ae #d62839 #edf2f4 crime
#2a2320 #b08968 #e6ccb2 #f5ebe0 crime
#e9e4d8 #4a6670 #c8553d #20272b documentary
#2b2d42 #b56576 #eaac8b #f6eee3 drama
#e8dccb #7c6a5a #b5482f #2a2420 drama
#27413c #7fa99b #e3c58e #f3efe2 drama
#42313f #a26769 #d9b08c #f6ece2 drama
#cfe8ef #f79d5c #457b9d #1d3143 family
#241e4e #7d53de #f0b67f #f4ecff fantasy
#123a4a #6fb1a0 #f2d0a4 #f1f5ea fantasy
#101010 #6b6b6b #d9d9d9 #f2f2f2 film-noir
#3b2f2f #a47148 #d4b483 #f5ebd8 history
#120d0f #7a0c17 #d7263d #efe3d8 horror
#18211b #4f6f52 #b9c58f #edf1dc horror
#3a0f3f #d65db1 #ffc75f #fff3e2 music
#0f2530 #2f6f73 #cfae70 #eae6d6 mystery
#f3d8d3 #d1495b #8d2b44 #3a1a24 romance
#4a1931 #c9184a #ffb3c1 #fff0f3 romance
#0b132b #3a6ea5 #5bc0be #e8f4f2 science fiction
#1b1130 #5a4fcf #ff6f59 #f5eefc science fiction
#e6ebe9 #1f5f8b #f26b38 #142430 science fiction
#1d2a2c #5c7c7d #e9b44c #f0ece0 thriller
#d8d4c7 #27323a #c8402a #171d21 thriller
#2c2f24 #6b705c #b5562c #ece5d0 war
#d98b52 #7f3420 #f6d79b #26130d western
#4f2417 #b5562c #f0c27b #fbeed6 western
#2a3038 #66788a #d8a657 #eef0ee other
#e4e0d6 #5b6770 #b5562c #22272b other
"""
_SYNONYMS = {"sci-fi": "science fiction", "musical": "music", "children": "family", "children's": "family"}

PALETTES: dict[str, list[Palette]] = {}
for _row in _TABLE.strip().splitlines():
    *_colours, _genre = _row.split(maxsplit=4)
    PALETTES.setdefault(_genre, []).append(Palette(*_colours))


def genre_name(genre: str) -> str:
    """Return the spelling of ``genre`` that palettes and motifs are listed under."""
    lowered = genre.strip().lower()
    return _SYNONYMS.get(lowered, lowered)


def select_palettes(genre: str) -> list[Palette]:
    """Return the palettes of a genre, or those of ``other`` for an unknown genre."""
    return PALETTES.get(genre_name(genre), PALETTES["other"])
