"""Titles in the form of MovieLens, and keys for comparing titles."""

import re
import unicodedata
from dataclasses import dataclass

FIRST_YEAR, LAST_YEAR = 1870, 2200

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
