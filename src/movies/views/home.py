"""The home page."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from movies.selectors.home_page import home_page
from movies.views.requests import HtmxHttpRequest

FEW_RATINGS = 5


@require_safe
@vary_on_headers("HX-Request")
def home(request: HtmxHttpRequest) -> HttpResponse:
    """Show what is suggested, or popular; to HTMX, only the cards after ``from``.

    HTMX adds to films that are there already and drops those it knows, so a list written anew is read from its start.
    A page of its own goes on from the position instead: whoever asks for the next page gets one.
    """
    cursor = request.GET.get("from", "")
    page = home_page(user_id=request.user.pk, cursor=cursor if request.htmx else cursor.partition("@")[0])
    template = "movies/_shelf_cards.html" if request.htmx else "movies/home.html"
    context = {"shelf": page, "few_ratings": FEW_RATINGS, "is_start": "from" not in request.GET}
    return render(request, template, context)
