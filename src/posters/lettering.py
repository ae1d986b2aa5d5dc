"""Sets a title in the largest letters that fit on its poster."""

import unicodedata
from typing import NamedTuple

# Widths of bold sans-serif capitals in thousandths of the font size, as in Helvetica and compatible fonts.
_WIDTHS = {
    **dict.fromkeys("ABCDHKNRU", 722),
    **dict.fromkeys("EPSVXY", 667),
    **dict.fromkeys("FLTZ", 611),
    **dict.fromkeys("GOQ", 778),
    **dict.fromkeys("0123456789J$?", 556),
    **dict.fromkeys("I .,:;'!|/", 278),
    **dict.fromkeys("()-", 333),
    "M": 833,
    "W": 944,
    "&": 722,
    "…": 1000,
}
_SIZES = (46, 42, 38, 34, 30, 27, 24, 21, 18)
LINE_HEIGHT = 1.08


class Lettering(NamedTuple):
    """A title broken into lines, and its font size in poster units."""

    lines: tuple[str, ...]
    size: int


def estimate_width(text: str, size: float) -> float:
    """Return the estimated width of ``text`` at font size ``size``."""
    return sum(_width(character) for character in text) * size / 1000


def fit_title(title: str, *, width: float, height: float) -> Lettering:
    """Return ``title`` in capitals at the largest size that fits ``width`` and ``height``; cut it if none does."""
    capitals = " ".join(title.upper().split())
    for size in _SIZES:
        room = int(height // (size * LINE_HEIGHT))
        lines = _wrap(capitals, width=width, size=size)
        if len(lines) <= room and all(estimate_width(line, size) <= width for line in lines):
            return Lettering(tuple(lines), size)
    return _cut(capitals, width=width, height=height)


def _cut(capitals: str, *, width: float, height: float) -> Lettering:
    size = _SIZES[-1]
    room = int(height // (size * LINE_HEIGHT))
    # Titles in scripts without spaces break anywhere; so does a word too long for the smallest size.
    words = [part for word in capitals.split() for part in _split_word(word, width=width, size=size)]
    lines = _wrap(" ".join(words), width=width, size=size)
    if len(lines) <= room:
        return Lettering(tuple(lines), size)
    last = lines[room - 1]
    while estimate_width(last + "…", size) > width:
        last = last[:-1]
    return Lettering((*lines[: room - 1], last.rstrip() + "…"), size)


def _split_word(word: str, *, width: float, size: float) -> list[str]:
    pieces = [""]
    for character in word:
        if estimate_width(pieces[-1] + character, size) > width:
            pieces.append("")
        pieces[-1] += character
    return pieces


def _wrap(text: str, *, width: float, size: float) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and estimate_width(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _width(character: str) -> int:
    known = _WIDTHS.get(character)
    if known is not None:
        return known
    if unicodedata.east_asian_width(character) in {"W", "F"}:
        return 1000
    base = unicodedata.normalize("NFD", character)[0]
    return _WIDTHS.get(base, 720)
