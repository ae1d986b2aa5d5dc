"""Posters."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from movies.models import Movie
from posters import poster_svg, poster_version

_FOREVER = "public, max-age=31536000, immutable"


@require_safe
def poster(request: HttpRequest, movie_id: int) -> HttpResponse:
    """Return a film's poster as SVG. Browsers may cache the URL with its current version forever."""
    movie = get_object_or_404(Movie.objects.only("title", "genres", "year"), pk=movie_id)
    version = poster_version(title=movie.title, genres=movie.genres, year=movie.year)
    etag = f'"{version}"'
    unchanged = get_conditional_response(request, etag=etag)
    response = unchanged or HttpResponse(
        poster_svg(title=movie.title, genres=movie.genres, year=movie.year), content_type="image/svg+xml; charset=utf-8"
    )
    response["ETag"] = etag
    response["Cache-Control"] = _FOREVER if request.GET.get("v") == version else "public, no-cache"
    return response
