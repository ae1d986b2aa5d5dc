"""Ratings of the demo user, who loves science fiction and dislikes romance, musicals and horror."""

# Title, year of the first release, stars. Much famous science fiction is left out so that it can be suggested.
DEMO_RATINGS: tuple[tuple[str, int, float], ...] = (
    ("2001: A Space Odyssey", 1968, 5.0),
    ("Star Wars", 1977, 5.0),
    ("Alien", 1979, 5.0),
    ("Blade Runner", 1982, 5.0),
    ("The Terminator", 1984, 5.0),
    ("Back to the Future", 1985, 4.5),
    ("Total Recall", 1990, 4.5),
    ("Jurassic Park", 1993, 4.5),
    ("Twelve Monkeys", 1995, 5.0),
    ("Contact", 1997, 5.0),
    ("Gattaca", 1997, 5.0),
    ("The Fifth Element", 1997, 4.5),
    ("Dark City", 1998, 5.0),
    ("The Matrix", 1999, 5.0),
    ("Minority Report", 2002, 4.5),
    ("Serenity", 2005, 4.5),
    ("Moon", 2009, 5.0),
    ("District 9", 2009, 5.0),
    ("Citizen Kane", 1941, 3.0),
    ("Casablanca", 1942, 2.5),
    ("The Godfather", 1972, 3.5),
    ("Forrest Gump", 1994, 3.0),
    ("Pretty Woman", 1990, 2.0),
    ("Titanic", 1997, 2.0),
    ("The Notebook", 2004, 1.5),
    ("Grease", 1978, 1.5),
    ("The Sound of Music", 1965, 2.0),
    ("Scream", 1996, 2.0),
    ("A Nightmare on Elm Street", 1984, 2.5),
    ("Saw", 2004, 1.5),
)
# Titles of the same films in the data sets that people import.
OTHER_TITLES: dict[tuple[str, int], tuple[str, ...]] = {
    ("Star Wars", 1977): ("Star Wars: Episode IV - A New Hope",),
    ("Twelve Monkeys", 1995): ("12 Monkeys", "Twelve Monkeys (a.k.a. 12 Monkeys)"),
}
