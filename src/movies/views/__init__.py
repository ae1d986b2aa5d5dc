"""Views: each parses the request, calls one service or selector, and renders the result. Start with ``home.home``."""
