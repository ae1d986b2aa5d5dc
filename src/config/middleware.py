"""Headers that keep a page to this site's own scripts, styles and pictures."""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse

_OWN_THINGS_ONLY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class ContentSecurityPolicyMiddleware:
    """Adds a policy without exceptions: no inline script, no inline style, nothing from elsewhere."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the header, but leave Django's own error pages of development their inline styles."""
        response = self.get_response(request)
        if not (settings.DEBUG and response.status_code >= HTTPStatus.BAD_REQUEST):
            response.headers.setdefault("Content-Security-Policy", _OWN_THINGS_ONLY)
        return response
