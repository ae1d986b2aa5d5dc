"""What the middleware adds to a request."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class HtmxHttpRequest(HttpRequest):
    """A request that knows whether HTMX sent it."""

    htmx: HtmxDetails
