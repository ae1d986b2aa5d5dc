"""The page of a film, and the form that rates it."""

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from movies.forms import RatingForm
from movies.models import Movie
from movies.selectors.cards import movie_card
from movies.selectors.movie_page import movie_page
from movies.services.ratings import movie_rate
from movies.views.requests import HtmxHttpRequest


@require_safe
def movie_detail(request: HttpRequest, movie_id: int) -> HttpResponse:
    """Show a film."""
    return _page(request, movie_id)


@require_POST
def rate(request: HtmxHttpRequest, movie_id: int) -> HttpResponse:
    """Save or remove a rating. HTMX gets the updated component, a plain form a redirect to its page."""
    if not request.user.is_authenticated:
        return _log_in_first(request, movie_id)
    # Answer with 404 even if the form is not valid.
    get_object_or_404(Movie.objects.only("pk"), pk=movie_id)
    form = RatingForm(request.POST)
    if not form.is_valid():
        return _answer(request, movie_id, error=form.error_text)
    try:
        movie_rate(user_id=request.user.pk, movie_id=movie_id, value=form.stars)
    except Movie.DoesNotExist as missing:
        raise Http404 from missing
    return _answer(request, movie_id)


def _answer(request: HtmxHttpRequest, movie_id: int, *, error: str = "") -> HttpResponse:
    if request.htmx:
        return _component(request, movie_id, error=error)
    if error:
        return _page(request, movie_id, error=error)
    messages.success(request, "Your rating is saved.")
    return redirect(_next_page(request, movie_id))


def _component(request: HtmxHttpRequest, movie_id: int, *, error: str) -> HttpResponse:
    """Return the card or the rating panel that contains the form, with updated figures."""
    try:
        card = movie_card(movie_id=movie_id, user_id=request.user.pk)
    except Movie.DoesNotExist as missing:
        raise Http404 from missing
    template = "movies/_card.html" if request.POST.get("part") == "card" else "movies/_rating_panel.html"
    context = {"card": card, "movie": card.movie, "rating": card.rating, "error": error, "is_fresh": not error}
    return render(request, template, context, status=400 if error else 200)


def _page(request: HttpRequest, movie_id: int, *, error: str = "") -> HttpResponse:
    try:
        page = movie_page(movie_id=movie_id, user_id=request.user.pk)
    except Movie.DoesNotExist as missing:
        raise Http404 from missing
    context = {"page": page, "movie": page.movie, "rating": page.rating, "error": error}
    return render(request, "movies/detail.html", context, status=400 if error else 200)


def _log_in_first(request: HtmxHttpRequest, movie_id: int) -> HttpResponse:
    response = redirect_to_login(_next_page(request, movie_id))
    return HttpResponseClientRedirect(response.url) if request.htmx else response


def _next_page(request: HttpRequest, movie_id: int) -> str:
    """Return the page of the form, or the page of the film if that address is on another site."""
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return reverse("movie", args=[movie_id])
