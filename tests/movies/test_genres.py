from movies.genres import KNOWN_GENRES, translate_genres
from posters.palettes import select_palettes


def test_every_genre_of_a_subject_has_separate_palettes() -> None:
    without = {genre for genre in KNOWN_GENRES if select_palettes(genre) == select_palettes("no such genre")}

    assert without == {"Foreign", "TV Movie"}


def test_genres_get_our_names_and_other_names_are_dropped() -> None:
    assert translate_genres(("Sci-Fi", "IMAX", " Drama ", "Science Fiction", "Children's")) == (
        "Science Fiction",
        "Drama",
        "Family",
    )
