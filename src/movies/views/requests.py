"""The type of requests with HTMX details, which middleware adds."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class HtmxHttpRequest(HttpRequest):
    """A request with the details of HTMX."""

    htmx: HtmxDetails
