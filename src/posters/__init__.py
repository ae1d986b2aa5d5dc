"""Posters for all films, drawn as SVG from title, genres and year.

The same film always gets the same poster, and nothing is downloaded. Start with ``poster_svg``: it picks a palette
(``palettes``) and a drawing (``motifs``) by random numbers that the film seeds (``seeded_random``), and sets the title
(``lettering``). This package imports the standard library only.
"""

import hashlib
from collections.abc import Sequence
from xml.sax.saxutils import escape

from posters.lettering import LINE_HEIGHT, Lettering, estimate_width, fit_title
from posters.motifs import SIDE, select_motifs
from posters.palettes import Palette, select_palettes
from posters.seeded_random import SeededRandom

__all__ = ["poster_svg", "poster_version"]

WIDTH, HEIGHT = 300, 450
# Part of every version: raise it with a change of design, because browsers cache posters forever.
_DESIGN = "1"
_MARGIN = 22
_TITLE_HEIGHT = 90
_FONTS = "'Helvetica Neue',Helvetica,Arial,'Liberation Sans',sans-serif"
# Lines longer than this share of the width get a fixed length, because the reader's font may be wider than estimated.
_TIGHT = 0.8


def poster_version(*, title: str, genres: Sequence[str], year: int | None) -> str:
    """Return 12 hex digits that change whenever the poster of such a film would look different."""
    return hashlib.blake2b(_identity(title, genres, year).encode(), digest_size=6).hexdigest()


def poster_svg(*, title: str, genres: Sequence[str], year: int | None) -> str:
    """Return a poster as an SVG document of 300 by 450 units."""
    title = _printable(title)
    rng = SeededRandom(_identity(title, genres, year))
    palette = rng.pick(select_palettes(genres[0] if genres else ""))
    motif = rng.pick(select_motifs(genres))
    title_first = rng.fraction() < 1 / 3
    letters = fit_title(title, width=WIDTH - 2 * _MARGIN, height=_TITLE_HEIGHT)
    drawing = "".join(motif(rng, palette))
    top = HEIGHT - SIDE if title_first else 0
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
        f"<title>{escape(title)}</title>"
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{palette.ground}"/>'
        f'<svg y="{top}" width="{SIDE}" height="{SIDE}">{drawing}</svg>'
        f'<g fill="{palette.ink}" font-family="{_FONTS}">'
        f"{_title(letters, title_first=title_first)}"
        f"{_caption(genres, year, palette, title_first=title_first)}</g></svg>"
    )


def _identity(title: str, genres: Sequence[str], year: int | None) -> str:
    return "\x1f".join([_DESIGN, title, str(year or ""), *genres])


def _printable(title: str) -> str:
    # Control characters have no place in XML, not even escaped.
    return "".join(character if character.isprintable() else " " for character in title)


def _title(letters: Lettering, *, title_first: bool) -> str:
    step = letters.size * LINE_HEIGHT
    # Capitals stand 0.72 of their size above the base line.
    first = 52 + letters.size * 0.72 if title_first else HEIGHT - 46 - step * (len(letters.lines) - 1)
    return "".join(
        f'<text x="{_MARGIN}" y="{first + step * n:.1f}" font-size="{letters.size}" font-weight="700"'
        f"{_length_attributes(line, letters.size)}>{escape(line)}</text>"
        for n, line in enumerate(letters.lines)
    )


def _length_attributes(line: str, size: int) -> str:
    estimated = estimate_width(line, size)
    if estimated < _TIGHT * (WIDTH - 2 * _MARGIN):
        return ""
    return f' textLength="{estimated:.0f}" lengthAdjust="spacingAndGlyphs"'


def _caption(genres: Sequence[str], year: int | None, palette: Palette, *, title_first: bool) -> str:
    words = [str(year)] if year else []
    words += [_printable(genre).upper() for genre in genres[:1]]
    y = 36 if title_first else HEIGHT - 22
    line = escape("  ·  ".join(words))
    return (
        f'<text x="{_MARGIN}" y="{y}" font-size="11" font-weight="600" letter-spacing="2">{line}</text>'
        f'<rect x="{WIDTH - _MARGIN - 34}" y="{y - 4}" width="34" height="2.5" fill="{palette.accent}"/>'
    )
