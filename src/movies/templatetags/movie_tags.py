"""Template tags and filters for posters, stars and running times."""

from django import template
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from movies.models import Movie
from movies.models.rating import HALF_STARS
from posters import poster_version

register = template.Library()

_CHOICE = (
    '<label class="stars__half"><input type="radio" name="value" required id="stars-{}-{}" value="{}"{}>'
    '<span class="visually-hidden">{}</span></label>'
)
_CHECKED = SafeString(" checked")


@register.simple_tag
def poster_url(movie: Movie) -> str:
    """Return the URL of a film's poster, which changes with the film."""
    version = poster_version(title=movie.title, genres=movie.genres, year=movie.year)
    return f"{reverse('poster', args=[movie.pk])}?v={version}"


@register.filter
def running_time(minutes: int | None) -> str:
    """Return ``125`` as ``2 h 5 min``."""
    if not minutes:
        return ""
    hours, rest = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest else "") if part)


@register.filter
def star_label(value: float) -> str:
    """Return ``0.5`` as ``half a star``, ``3.5`` as ``3½ stars``."""
    if value == HALF_STARS[0]:
        return "half a star"
    whole = int(value)
    name = f"{whole}½" if value > whole else str(whole)
    return f"{name} star" if value == 1 else f"{name} stars"


@register.simple_tag
def star_choices(movie_id: int, rating: float | None) -> SafeString:
    """Return the ten radio buttons of a film's rating. A page has hundreds, too many for a template loop."""
    choices = (
        (movie_id, f"{stars:g}", f"{stars:g}", _CHECKED if stars == rating else "", star_label(stars))
        for stars in HALF_STARS
    )
    return format_html_join("\n", _CHOICE, choices)
