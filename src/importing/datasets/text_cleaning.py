"""Texts in the form that the database can store."""

from collections.abc import Iterable

from importing.datasets.dataset import Reason

TITLE_CHARACTERS = 500
NAME_CHARACTERS = 200


def clean_text(text: str) -> str:
    """Return the text without NUL characters, which PostgreSQL cannot store, and without blanks around it."""
    return text.replace("\0", "").strip()


def clean_original_title(text: str) -> str:
    """Return an original title, or nothing if it is too long to be one."""
    return _limit(text, TITLE_CHARACTERS)


def clean_poster_path(text: str) -> str:
    """Return the path of a poster, or nothing if it is too long to be one."""
    return _limit(text, NAME_CHARACTERS)


def clean_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return each name once, in order, without blank ones and cut to what a column holds."""
    cut = (clean_text(name)[:NAME_CHARACTERS] for name in names)
    return tuple(dict.fromkeys(name for name in cut if name))


def title_fault(title: str) -> Reason | None:
    """Return why ``title`` cannot be a film's title, or nothing."""
    if not title:
        return Reason.NO_TITLE
    return Reason.LONG_TITLE if len(title) > TITLE_CHARACTERS else None


def _limit(text: str, characters: int) -> str:
    cleaned = clean_text(text)
    return cleaned if len(cleaned) <= characters else ""
