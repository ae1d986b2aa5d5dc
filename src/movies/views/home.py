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
    """Show suggested or popular films; for HTMX, only the cards from the cursor ``from`` on.

    HTMX appends cards and skips films that are shown already, so a rewritten list can be read from its start. A full
    page starts at the position in the cursor, even if the list was rewritten.
    """
    cursor = request.GET.get("from", "")
    page = home_page(user_id=request.user.pk, cursor=cursor if request.htmx else cursor.partition("@")[0])
    template = "movies/_home_cards.html" if request.htmx else "movies/home.html"
    context = {"page": page, "few_ratings": FEW_RATINGS, "is_start": "from" not in request.GET}
    return render(request, template, context)
