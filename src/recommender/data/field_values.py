"""Values of single fields: numbers, dates and titles as data sets write them.

The functions for numbers and dates return ``None`` for a text that is none.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

FIRST_YEAR, LAST_YEAR = 1870, 2200

_LARGEST_ID = 2**31 - 1
_LARGEST_RUNTIME = 2**15 - 1
_IMDB_DIGITS = 7
_IMDB_MOST_DIGITS = 10
# No more digits than always fit into 64 bits.
_INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)
_WORD = re.compile(r"[^\W_]+")
# The year ends the title; (V) or (TV) after it marks a video or a television film.
_YEAR = re.compile(r"\((\d{4})\)?\s*(?:\((?:V|TV)\))?\s*$")
_LAST_PARENTHESES = re.compile(r"^(?P<before>.*\S)\s+\((?P<inside>[^()]+)\)$")
_ALSO_KNOWN_AS = re.compile(r"a\.?\s?k\.?\s?a\.?[\s:]", re.IGNORECASE)
# Parentheses that belong to the title: the number of a part, or the continuation after "or".
_PART = re.compile(r"(?:part|pt|vol|volume|chapter|episode|season|no)\b|[\divxlc\W]+$|the movie$", re.IGNORECASE)
_LEADS_ON = re.compile(r"(?:[:,-]|\bor)$", re.IGNORECASE)
_ARTICLES = (
    *("the", "a", "an", "le", "la", "les", "un", "une", "l'", "der", "die", "das", "den", "ein", "eine"),
    *("el", "los", "las", "lo", "il", "i", "gli", "uno", "una", "o", "os", "as", "um", "uma"),
    *("de", "het", "een", "det", "en", "ett", "da"),
)
_TRAILING_ARTICLE = re.compile(rf"^(?P<rest>.+), (?P<article>{'|'.join(_ARTICLES)})$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Title:
    """A title with its article first, the title in the film's own language if it is given, and the year."""

    title: str
    original_title: str = ""
    year: int | None = None


def parse_integer(text: str) -> int | None:
    """Return a whole number of any meaning."""
    digits = text.strip()
    return int(digits) if _INTEGER.fullmatch(digits) else None


def parse_id(text: str) -> int | None:
    """Return a film's number."""
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit()):
        return None
    number = int(digits)
    return number if number <= _LARGEST_ID else None


def parse_positive_id(text: str) -> int | None:
    """Return a film's number; 0 stands for none."""
    return parse_id(text) or None


def parse_imdb_id(text: str) -> str | None:
    """Return an IMDb id with ``tt`` and at least seven digits; the text may lack ``tt`` and leading zeros."""
    digits = text.strip().removeprefix("tt").lstrip("0")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > _IMDB_MOST_DIGITS:
        return None
    return f"tt{digits.zfill(_IMDB_DIGITS)}"


def parse_runtime(text: str) -> int | None:
    """Return minutes; 0 stands for unknown."""
    try:
        minutes = float(text)
    except ValueError:
        return None
    return int(minutes) if 1 <= minutes <= _LARGEST_RUNTIME else None


def parse_date(text: str) -> date | None:
    """Return a date written as 1995-10-30."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None


def parse_title(text: str) -> Title:
    """Return the parts of a title such as ``City of Lost Children, The (Cité des enfants perdus, La) (1995)``."""
    rest = " ".join(text.split())
    year = None
    found = _YEAR.search(rest)
    if found and FIRST_YEAR <= int(found[1]) <= LAST_YEAR and rest[: found.start()].strip():
        year = int(found[1])
        rest = rest[: found.start()].strip()
    rest, original = _split_parentheses(rest)
    title = article_first(rest)
    return Title(title=title, original_title="" if original == title else original, year=year)


def article_first(title: str) -> str:
    """Return ``Matrix, The`` as ``The Matrix`` and ``Avventura, L'`` as ``L'Avventura``."""
    found = _TRAILING_ARTICLE.match(title)
    if not found:
        return title
    article = found["article"]
    return f"{article}{'' if article.endswith(chr(39)) else ' '}{found['rest']}"


def title_key(title: str) -> str:
    """Return the title without case, accents and punctuation, which is the same for all its spellings."""
    plain = title.replace("&", " and ").replace("'", "")
    if not plain.isascii():
        decomposed = unicodedata.normalize("NFKD", plain)
        plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    plain = plain.casefold()
    return " ".join(_WORD.findall(plain)) or plain.strip()


def _split_parentheses(text: str) -> tuple[str, str]:
    """Return the title without parentheses at its end, and the original title: the last of them that is no "a.k.a."."""
    original = ""
    while found := _LAST_PARENTHESES.match(text):
        inside, before = found["inside"].strip(), found["before"]
        if not inside or _PART.match(inside) or _LEADS_ON.search(before):
            break
        if not _ALSO_KNOWN_AS.match(inside):
            original = original or article_first(inside)
        text = before
    return text, original
