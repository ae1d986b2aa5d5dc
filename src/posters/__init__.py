"""A poster for every film, drawn from its title, genres and year: always the same one, and nothing is fetched."""

import hashlib
from collections.abc import Sequence
from xml.sax.saxutils import escape

from posters.lettering import LINE_HEIGHT, Lettering, lettering, width_of
from posters.motifs import SIDE, motifs_of
from posters.palettes import Palette, palettes_of
from posters.seeded_random import SeededRandom

__all__ = ["poster_svg", "poster_version"]

WIDTH, HEIGHT = 300, 450
# Part of every version, so that a change of design reaches browsers that keep posters forever.
_DESIGN = "1"
_MARGIN = 22
_TITLE_HEIGHT = 90
_FONTS = "'Helvetica Neue',Helvetica,Arial,'Liberation Sans',sans-serif"
# Above this share of the width, lines are fitted, for a reader's font may be wider than the one that was reckoned with.
_TIGHT = 0.8


def poster_version(*, title: str, genres: Sequence[str], year: int | None) -> str:
    """Return 12 hex digits that change whenever the poster of such a film would look different."""
    return hashlib.blake2b(_identity(title, genres, year).encode(), digest_size=6).hexdigest()


def poster_svg(*, title: str, genres: Sequence[str], year: int | None) -> str:
    """Return a poster as an SVG document of 300 by 450 units."""
    title = _printable(title)
    dice = SeededRandom(_identity(title, genres, year))
    palette = dice.pick(palettes_of(genres[0] if genres else ""))
    motif = dice.pick(motifs_of(genres))
    title_first = dice.fraction() < 1 / 3
    set_title = lettering(title, width=WIDTH - 2 * _MARGIN, height=_TITLE_HEIGHT)
    drawing = "".join(motif(dice, palette))
    top = HEIGHT - SIDE if title_first else 0
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
        f"<title>{escape(title)}</title>"
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{palette.ground}"/>'
        f'<svg y="{top}" width="{SIDE}" height="{SIDE}">{drawing}</svg>'
        f'<g fill="{palette.ink}" font-family="{_FONTS}">'
        f"{_words(set_title, title_first=title_first)}"
        f"{_caption(genres, year, palette, title_first=title_first)}</g></svg>"
    )


def _identity(title: str, genres: Sequence[str], year: int | None) -> str:
    return "\x1f".join([_DESIGN, title, str(year or ""), *genres])


def _printable(title: str) -> str:
    # Control characters have no place in XML, not even escaped.
    return "".join(character if character.isprintable() else " " for character in title)


def _words(set_title: Lettering, *, title_first: bool) -> str:
    step = set_title.size * LINE_HEIGHT
    # Capitals stand 0.72 of their size above the base line.
    first = 52 + set_title.size * 0.72 if title_first else HEIGHT - 46 - step * (len(set_title.lines) - 1)
    return "".join(
        f'<text x="{_MARGIN}" y="{first + step * n:.1f}" font-size="{set_title.size}" font-weight="700"'
        f"{_fitted(line, set_title.size)}>{escape(line)}</text>"
        for n, line in enumerate(set_title.lines)
    )


def _fitted(line: str, size: int) -> str:
    reckoned = width_of(line, size)
    if reckoned < _TIGHT * (WIDTH - 2 * _MARGIN):
        return ""
    return f' textLength="{reckoned:.0f}" lengthAdjust="spacingAndGlyphs"'


def _caption(genres: Sequence[str], year: int | None, palette: Palette, *, title_first: bool) -> str:
    words = [str(year)] if year else []
    words += [_printable(genre).upper() for genre in genres[:1]]
    y = 36 if title_first else HEIGHT - 22
    line = escape("  ·  ".join(words))
    return (
        f'<text x="{_MARGIN}" y="{y}" font-size="11" font-weight="600" letter-spacing="2">{line}</text>'
        f'<rect x="{WIDTH - _MARGIN - 34}" y="{y - 4}" width="34" height="2.5" fill="{palette.accent}"/>'
    )
