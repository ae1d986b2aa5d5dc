from itertools import chain
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posters import poster_svg, poster_version
from posters.lettering import LINE_HEIGHT, estimate_width, fit_title
from posters.motifs import select_motifs
from posters.palettes import PALETTES

TEXT = "{http://www.w3.org/2000/svg}text"


def words_on(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter(TEXT)]  # noqa: S314  # our own drawing


def luminance(colour: str) -> float:
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_same_film_always_gets_the_same_poster() -> None:
    first, again = (poster_svg(title="Heat", genres=["Crime"], year=1995) for _ in range(2))

    assert first == again


def test_film_of_another_year_gets_another_poster_and_version() -> None:
    assert poster_svg(title="Heat", genres=["Crime"], year=1986) != poster_svg(
        title="Heat", genres=["Crime"], year=1995
    )
    assert poster_version(title="Heat", genres=[], year=1986) != poster_version(title="Heat", genres=[], year=1995)


def test_poster_carries_title_year_and_first_genre() -> None:
    words = words_on(poster_svg(title="Heat", genres=["Crime", "Drama"], year=1995))

    assert words == ["HEAT", "1995  ·  CRIME"]


def test_film_without_year_or_genres_has_a_poster_too() -> None:
    assert words_on(poster_svg(title="Heat", genres=[], year=None))[0] == "HEAT"


def test_title_that_looks_like_markup_stays_text() -> None:
    svg = poster_svg(title='</text><script>alert("1")</script>', genres=["<b>"], year=None)

    assert "<script" not in svg
    assert "SCRIPT" in "".join(words_on(svg))


@given(title=st.text(min_size=1, max_size=120), genre=st.sampled_from(["Drama", "Western", "Horror", "unknown"]))
def test_any_title_makes_well_formed_xml_without_references_elsewhere(title: str, genre: str) -> None:
    svg = poster_svg(title=title, genres=[genre], year=2001)

    root = ET.fromstring(svg)  # noqa: S314  # our own drawing
    assert root.attrib["viewBox"] == "0 0 300 450"
    assert "href" not in svg
    assert "url(" not in svg


@given(st.text(min_size=1, max_size=200))
def test_letters_stay_within_their_room(title: str) -> None:
    lines, size = fit_title(title, width=256, height=90)

    assert all(estimate_width(line, size) <= 256 for line in lines)
    assert len(lines) * size * LINE_HEIGHT <= 90


def test_long_title_is_cut_with_an_ellipsis() -> None:
    lines, _ = fit_title("word " * 60, width=256, height=90)

    assert lines[-1].endswith("…")


def test_short_title_is_set_larger_than_a_long_one() -> None:
    sizes = [fit_title(title, width=256, height=90).size for title in ("Up", "How I Learned to Stop Worrying")]

    assert sizes[0] > sizes[1]


def test_every_palette_keeps_its_letters_readable() -> None:
    for palette in chain.from_iterable(PALETTES.values()):
        light, dark = sorted((luminance(palette.ground), luminance(palette.ink)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, palette


@pytest.mark.parametrize("genre", ["Science Fiction", "Sci-Fi", "sci-fi"])
def test_spellings_of_a_genre_share_their_motifs(genre: str) -> None:
    assert select_motifs([genre]) == select_motifs(["Science Fiction"])


def test_films_of_one_genre_look_different() -> None:
    posters = {poster_svg(title=f"Film {n}", genres=["Drama"], year=2000) for n in range(40)}

    assert len(posters) == 40
