from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.data.field_values import (
    FIRST_YEAR,
    LAST_YEAR,
    Title,
    article_first,
    parse_date,
    parse_id,
    parse_imdb_id,
    parse_integer,
    parse_positive_id,
    parse_runtime,
    parse_title,
    title_key,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Toy Story (1995)", Title("Toy Story", "", 1995)),
        ("Matrix, The (1999)", Title("The Matrix", "", 1999)),
        ("Avventura, L' (Adventure, The) (1960)", Title("L'Avventura", "The Adventure", 1960)),
        ("Boot, Das (Boat, The) (1981)", Title("Das Boot", "The Boat", 1981)),
        ("Postino, Il (1994)", Title("Il Postino", "", 1994)),
        (
            "City of Lost Children, The (Cité des enfants perdus, La) (1995)",
            Title("The City of Lost Children", "La Cité des enfants perdus", 1995),
        ),
        ("Seven (a.k.a. Se7en) (1995)", Title("Seven", "", 1995)),
        (
            "Léon: The Professional (a.k.a. The Professional) (Léon) (1994)",
            Title("Léon: The Professional", "Léon", 1994),
        ),
        ("(500) Days of Summer (2009)", Title("(500) Days of Summer", "", 2009)),
        ("1-900 (06) (1994)", Title("1-900 (06)", "", 1994)),
        (
            "Birdman: Or (The Unexpected Virtue of Ignorance) (2014)",
            Title("Birdman: Or (The Unexpected Virtue of Ignorance)", "", 2014),
        ),
        ("Death Note: Desu nôto (2006\u20132007)", Title("Death Note: Desu nôto (2006\u20132007)", "", None)),
        ("Heidi Fleiss: Hollywood Madam (1995) ", Title("Heidi Fleiss: Hollywood Madam", "", 1995)),
        ("Land Before Time III (1995) (V)", Title("Land Before Time III", "", 1995)),
        ("Play It Again, Sam (1972)", Title("Play It Again, Sam", "", 1972)),
        ("Babylon 5", Title("Babylon 5", "", None)),
        ("unknown", Title("unknown", "", None)),
        ("(1984)", Title("(1984)", "", None)),
        ("Future (9999)", Title("Future (9999)", "", None)),
    ],
)
def test_title_is_parsed_into_its_parts(text: str, expected: Title) -> None:
    assert parse_title(text) == expected


words = st.text(alphabet=st.characters(whitelist_categories=["Lu", "Ll"]), min_size=1, max_size=12)
titles = st.lists(words, min_size=1, max_size=5).map(" ".join)


@given(title=titles, year=st.integers(FIRST_YEAR, LAST_YEAR), article=st.sampled_from(["The", "A", "Le", "Der", "Los"]))
def test_any_title_keeps_its_article_and_year(title: str, year: int, article: str) -> None:
    assert parse_title(f"{title}, {article} ({year})") == Title(f"{article} {title}", "", year)


@given(st.text(max_size=80))
def test_any_text_is_parsed_without_losing_all_of_it(text: str) -> None:
    parsed = parse_title(text)

    assert bool(parsed.title) == bool(text.split())
    assert parsed.year is None or FIRST_YEAR <= parsed.year <= LAST_YEAR


@given(st.text(max_size=80))
def test_a_title_in_reading_order_stays_unchanged(text: str) -> None:
    once = parse_title(text).title

    assert article_first(article_first(once)) == article_first(once) or ", " in once


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Amélie", "AMELIE"),
        ("WALL·E", "wall e"),
        ("Dumb & Dumber", "Dumb and Dumber"),
        ("Ocean's Eleven", "Oceans eleven"),
        ("\uff2d", "m"),
    ],
)
def test_spellings_of_one_title_share_a_key(one: str, other: str) -> None:
    assert title_key(one) == title_key(other)


@pytest.mark.parametrize(("one", "other"), [("Alien", "Aliens"), ("!!!", "???"), ("Se7en", "Seven")])
def test_different_titles_have_different_keys(one: str, other: str) -> None:
    assert title_key(one) != title_key(other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [(" 862 ", 862), ("-5", -5), ("1" * 18, int("1" * 18)), ("1" * 19, None), ("1.0", None), ("", None), ("٣", None)],
)
def test_whole_numbers_have_at_most_18_ascii_digits(text: str, expected: int | None) -> None:
    assert parse_integer(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("0", 0), ("2147483647", 2**31 - 1), ("2147483648", None), ("-1", None), ("x", None)]
)
def test_ids_fit_into_a_database_integer(text: str, expected: int | None) -> None:
    assert parse_id(text) == expected
    assert parse_positive_id(text) == (expected or None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0114709", "tt0114709"),
        ("tt0114709", "tt0114709"),
        ("114709", "tt0114709"),
        ("tt10872600", "tt10872600"),
        ("0", None),
        ("tt", None),
        ("12345678901", None),
        ("nm0000001", None),
    ],
)
def test_imdb_ids_have_their_prefix_and_at_least_seven_digits(text: str, expected: str | None) -> None:
    assert parse_imdb_id(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("81.0", 81), ("0", None), ("0.5", None), ("32768", None), ("nan", None), ("", None)]
)
def test_runtimes_are_minutes_from_1_to_32767(text: str, expected: int | None) -> None:
    assert parse_runtime(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [(" 1995-10-30 ", date(1995, 10, 30)), ("1", None), ("1869-12-31", None), ("", None)]
)
def test_dates_are_iso_dates_in_the_age_of_film(text: str, expected: date | None) -> None:
    assert parse_date(text) == expected
