"""Geometric drawings of 300 by 300 units; each poster shows one of them."""

import math
from collections.abc import Callable, Iterable, Sequence

from posters.palettes import Palette, genre_name
from posters.seeded_random import SeededRandom

Motif = Callable[[SeededRandom, Palette], list[str]]
SIDE = 300


def circle(x: float, y: float, radius: float, fill: str, opacity: float = 1) -> str:
    """Return a disc."""
    return f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="{fill}"{_faint(opacity)}/>'


def ring(x: float, y: float, radius: float, stroke: str, width: float) -> str:
    """Return the outline of a circle."""
    return f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="none" stroke="{stroke}" stroke-width="{width:g}"/>'


def box(x: float, y: float, width: float, height: float, fill: str) -> str:
    """Return a rectangle."""
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{fill}"/>'


def shape(path: str, fill: str, opacity: float = 1) -> str:
    """Return a filled path."""
    return f'<path d="{path}" fill="{fill}"{_faint(opacity)}/>'


def corners(points: Iterable[tuple[float, float]]) -> str:
    """Return the path of a polygon."""
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points) + "Z"


def _faint(opacity: float) -> str:
    return "" if opacity == 1 else f' opacity="{opacity:g}"'


def orbits(rng: SeededRandom, palette: Palette) -> list[str]:
    """Draw a planet, its rings and far stars."""
    x, y, radius = rng.between(110, 190), rng.between(130, 180), rng.between(48, 72)
    stars = [circle(rng.between(8, 292), rng.between(8, 292), rng.between(0.8, 2), palette.ink, 0.8) for _ in range(26)]
    rings = [ring(x, y, radius + 26 + 26 * n, palette.tone, 1.5) for n in range(4)]
    moons = []
    for n in range(3):
        angle, away = rng.between(0, 6.2), radius + 26 + 26 * n
        moon_x, moon_y = round(x + away * math.cos(angle)), round(y + away * math.sin(angle))
        moons.append(circle(moon_x, moon_y, 5 + 2 * n, palette.ink))
    planet = [circle(x, y, radius, palette.accent), circle(x + 14, y + 10, radius, palette.tone, 0.55)]
    return [*stars, *rings, *planet, *moons]


def ridges(rng: SeededRandom, palette: Palette) -> list[str]:
    """Draw a low sun behind mountains."""
    drawn = [circle(rng.between(80, 220), rng.between(95, 130), rng.between(50, 74), palette.accent)]
    for level, opacity in ((165, 0.45), (205, 0.7), (245, 1.0)):
        points: list[tuple[float, float]] = [(0, 300), (0, level + rng.between(-20, 20))]
        points += [(step, level + rng.between(-38, 34)) for step in (50, 100, 150, 200, 250)]
        points += [(300, level + rng.between(-20, 20)), (300, 300)]
        drawn.append(shape(corners(points), palette.tone, opacity))
    return drawn


def blinds(rng: SeededRandom, palette: Palette) -> list[str]:
    """Draw light that falls through a blind."""
    slant, gap = rng.between(-40, 40), rng.between(20, 28)
    drawn = [circle(rng.between(100, 200), rng.between(110, 180), rng.between(80, 105), palette.accent)]
    for n in range(-3, 18):
        left, right, thick = n * gap + slant, n * gap - slant, gap * 0.55
        slat = corners([(0, left), (300, right), (300, right + thick), (0, left + thick)])
        drawn.append(shape(slat, palette.tone if n % 4 == 0 else palette.ground))
    return drawn


def target(rng: SeededRandom, palette: Palette) -> list[str]:
    """Draw nested rings, each a little off the centre of the one before."""
    x, y = rng.between(120, 180), rng.between(130, 170)
    dx, dy = rng.between(-5, 5), rng.between(-5, 5)
    fills = [palette.tone, palette.ground, palette.accent, palette.ground]
    return [circle(x + dx * n, y + dy * n, 138 - n * 17, fills[n % 4]) for n in range(8)]


def confetti(rng: SeededRandom, palette: Palette) -> list[str]:
    """Draw scattered discs of several sizes."""
    fills, drawn = (palette.tone, palette.accent, palette.ink), []
    for cell in range(16):
        x, y = cell % 4 * 75 + rng.between(10, 65), cell // 4 * 75 + rng.between(10, 65)
        drawn.append(circle(x, y, rng.pick((7, 13, 22, 31)), rng.pick(fills)))
    return drawn


def tiles(rng: SeededRandom, palette: Palette) -> list[str]:
    """Draw quarter discs on a board."""
    drawn, size = [], 75
    for row in range(4):
        for column in range(4):
            x, y, turn = column * size, row * size, rng.whole(0, 3)
            fill = rng.pick((palette.tone, palette.accent, palette.tone, palette.ink))
            middle = f"{x + size / 2:g} {y + size / 2:g}"
            quarter = f"M{x} {y}h{size}a{size} {size} 0 0 1 -{size} {size}z"
            drawn.append(f'<path d="{quarter}" fill="{fill}" transform="rotate({turn * 90} {middle})"/>')
    return drawn


def overlap(rng: SeededRandom, palette: Palette) -> list[str]:
    """Draw two discs that meet."""
    radius, y, shift = rng.between(74, 88), rng.between(135, 165), rng.between(-22, 22)
    return [
        circle(150 - radius * 0.55, y + shift, radius, palette.tone),
        circle(150 + radius * 0.55, y - shift, radius, palette.accent, 0.82),
        ring(150, y, radius * 1.62, palette.ink, 1.2),
    ]


def rays(rng: SeededRandom, palette: Palette) -> list[str]:
    """Draw a burst of light."""
    x, y, count = rng.between(60, 240), rng.between(150, 260), rng.whole(11, 17)
    turn, drawn = rng.between(0, 1), []
    for n in range(count):
        start = turn + 2 * math.pi * n / count
        edges = [start, start + math.pi / count]
        points = [(x, y)] + [(round(x + 460 * math.cos(a), 1), round(y + 460 * math.sin(a), 1)) for a in edges]
        drawn.append(shape(corners(points), palette.tone))
    return [*drawn, circle(x, y, rng.between(36, 62), palette.accent)]


def bars(rng: SeededRandom, palette: Palette) -> list[str]:
    """Draw the bars of a sound level meter."""
    drawn = []
    for n in range(12):
        height, fill = rng.between(30, 130), palette.accent if n % 3 == 1 else palette.tone
        place = f'x="{n * 24 + 11}" y="{150 - height:g}" width="13" height="{2 * height:g}" rx="6.5"'
        drawn.append(f'<rect {place} fill="{fill}"/>')
    return drawn


def teeth(rng: SeededRandom, palette: Palette) -> list[str]:
    """Draw spikes from above and below, and a disc between them."""
    middle = rng.between(135, 165)
    drawn = [circle(rng.between(110, 190), middle, rng.between(52, 70), palette.accent)]
    for n in range(7):
        left, right = round(n * 300 / 7, 1), round((n + 1) * 300 / 7, 1)
        tip = (left + right) / 2 + rng.between(-8, 8)
        upper, lower = middle - rng.between(-6, 62), middle + rng.between(-2, 70)
        drawn.append(shape(corners([(left, 0), (right, 0), (tip, upper)]), palette.tone))
        drawn.append(shape(corners([(left, 300), (right, 300), (tip, lower)]), palette.tone))
    return drawn


def arches(rng: SeededRandom, palette: Palette) -> list[str]:
    """Draw a door within a door."""
    x, drawn = rng.between(120, 180), []
    for n, fill in enumerate((palette.tone, palette.ground, palette.accent, palette.ground, palette.tone)):
        half = 122 - n * 25
        drawn.append(shape(f"M{x - half:g} 300V{150 + n * 16}a{half} {half} 0 0 1 {2 * half} 0V300Z", fill))
    return drawn


def eye(rng: SeededRandom, palette: Palette) -> list[str]:
    """Draw an eye."""
    y, look = rng.between(135, 165), rng.between(-26, 26)
    almond = f"M18 {y:g}Q150 {y - 150:g} 282 {y:g}Q150 {y + 150:g} 18 {y:g}Z"
    lashes = [
        shape(corners([(x, 0), (x + 7, 0), (x + 3.5, round(y - 92 + abs(x - 146) * 0.42, 1))]), palette.tone, 0.6)
        for x in range(26, 280, 24)
    ]
    iris, pupil = circle(150 + look, y, 62, palette.accent), circle(150 + look, y, 27, palette.ground)
    return [*lashes, shape(almond, palette.tone), iris, pupil, circle(163 + look, y - 13, 7, palette.ink)]


def waves(rng: SeededRandom, palette: Palette) -> list[str]:
    """Draw a sea and a disc over it."""
    drawn = [circle(rng.between(70, 230), rng.between(70, 110), rng.between(38, 56), palette.accent)]
    for n in range(6):
        y, height, start = 130 + n * 30, rng.between(12, 26), rng.between(-90, 0)
        crest = "".join(f"q37.5 {-height:g} 75 0t75 0" for _ in range(3))
        fill, opacity = (palette.tone, 0.5 + n * 0.1) if n % 2 == 0 else (palette.ground, 0.9)
        drawn.append(shape(f"M{start:g} {y}{crest}V300H{start:g}Z", fill, round(opacity, 1)))
    return drawn


def stairs(rng: SeededRandom, palette: Palette) -> list[str]:
    """Draw steps with a figure at the top."""
    steps, drawn = rng.whole(6, 9), []
    size = 300 / steps
    rightward = rng.pick((True, False))
    for n in range(steps):
        x = n * size if rightward else 300 - (n + 1) * size
        height = 40 + n * 200 / steps
        drawn.append(box(round(x, 1), round(300 - height, 1), round(size + 0.5, 1), round(height, 1), palette.tone))
    top = 300 - size * 0.5 if rightward else size * 0.5
    return [circle(300 - top, 92, rng.between(34, 52), palette.accent), *drawn, circle(top, 42, 15, palette.ink)]


def chevrons(rng: SeededRandom, palette: Palette) -> list[str]:
    """Draw a column of angles, one in another colour."""
    tip, apart, drawn = rng.between(90, 210), rng.whole(1, 5), []
    for n in range(7):
        y, fill = n * 52 - 50, palette.accent if n == apart else palette.tone
        points = [(0, y + 90), (tip, y), (300, y + 90), (300, y + 116), (tip, y + 26), (0, y + 116)]
        drawn.append(shape(corners(points), fill))
    return drawn


def skyline(rng: SeededRandom, palette: Palette) -> list[str]:
    """Draw a city at night."""
    drawn, x = [circle(rng.between(60, 240), rng.between(60, 95), rng.between(30, 48), palette.accent)], 0.0
    while x < SIDE:
        width, height = rng.between(30, 52), rng.between(80, 205)
        drawn.append(box(x, 300 - height, width, height, palette.tone))
        drawn += [
            box(round(x + width * side, 1), round(300 - height + 14 + 22 * floor, 1), 6, 9, palette.accent)
            for floor in range(int((height - 24) // 22))
            for side in (0.22, 0.6)
            if rng.pick((True, False, False))
        ]
        x += width + 3
    return drawn


_MOTIFS: dict[str, tuple[Motif, ...]] = {
    "action": (rays, chevrons, target, skyline),
    "adventure": (ridges, waves, rays),
    "animation": (confetti, tiles, waves, rays),
    "comedy": (confetti, tiles, bars, rays),
    "crime": (blinds, skyline, eye, stairs),
    "documentary": (tiles, target, waves),
    "drama": (arches, stairs, overlap, waves, skyline),
    "family": (tiles, confetti, ridges),
    "fantasy": (ridges, orbits, arches),
    "film-noir": (blinds, stairs, skyline),
    "history": (arches, chevrons, ridges),
    "horror": (teeth, eye, target),
    "music": (bars, tiles, rays),
    "mystery": (eye, arches, target, stairs),
    "romance": (overlap, waves, arches),
    "science fiction": (orbits, target, rays, skyline),
    "thriller": (target, blinds, stairs, eye),
    "war": (chevrons, rays, ridges),
    "western": (ridges, rays, arches),
}
_DEFAULT_MOTIFS: tuple[Motif, ...] = (tiles, waves, overlap, arches)


def select_motifs(genres: Sequence[str]) -> tuple[Motif, ...]:
    """Return the motifs for a film: all motifs of its first genre, and the first motif of its second."""
    if not genres:
        return _DEFAULT_MOTIFS
    of_first = _MOTIFS.get(genre_name(genres[0]), _DEFAULT_MOTIFS)
    of_second = _MOTIFS.get(genre_name(genres[1]), ()) if len(genres) > 1 else ()
    return (*of_first, *of_second[:1])
