"""The list of films."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from movies.selectors.catalogue import MovieSort, catalogue_page


@require_safe
def movie_list(request: HttpRequest) -> HttpResponse:
    """Show a page of the catalogue in one of its orders."""
    catalogue = catalogue_page(
        sort=MovieSort.from_name(request.GET.get("sort", "")),
        number=request.GET.get("page", "1"),
        user_id=request.user.pk,
    )
    return render(request, "movies/list.html", {"catalogue": catalogue, "sorts": MovieSort})
