"""A real Chromium at a real server, with every way out of this machine closed."""

import os
import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route, sync_playwright
from pytest_django.live_server_helper import LiveServer

_QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium on PATH")
    # Playwright's synchronous interface runs an event loop in this thread, in which Django would refuse to query.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_QUIET)
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


class Visit:
    """A browser window at the site; what goes wrong in it is noted."""

    def __init__(self, context: BrowserContext, home: str) -> None:
        self.home = home
        self.troubles: list[str] = []
        self.loads = 0
        context.route("**/*", self._only_here)
        self.page: Page = context.new_page()
        self.page.on("console", self._note_console)
        self.page.on("pageerror", lambda error: self.troubles.append(f"script error: {error}"))
        self.page.on("load", lambda _: self._count_load())

    def open(self, path: str) -> Page:
        self.page.goto(self.home + path)
        return self.page

    def _only_here(self, route: Route) -> None:
        if urlsplit(route.request.url).netloc == urlsplit(self.home).netloc:
            route.continue_()
        else:
            self.troubles.append(f"request elsewhere: {route.request.url}")
            route.abort()

    def _note_console(self, message: ConsoleMessage) -> None:
        # Chromium gives up requests when any program changes the machine's network interfaces; that is not the site's.
        if message.type in {"error", "warning"} and "ERR_NETWORK_CHANGED" not in message.text:
            self.troubles.append(f"console: {message.text}")

    def _count_load(self) -> None:
        self.loads += 1


def _visit(browser: Browser, live_server: LiveServer, *, scripts: bool, phone: bool = False) -> Iterator[Visit]:
    width, height = (375, 812) if phone else (1280, 900)
    context = browser.new_context(
        java_script_enabled=scripts,
        viewport={"width": width, "height": height},
        has_touch=phone,
        is_mobile=phone,
        reduced_motion="reduce",
    )
    context.set_default_timeout(10_000)
    visit = Visit(context, live_server.url)
    yield visit
    context.close()
    assert visit.troubles == []


@pytest.fixture
def visit(browser: Browser, live_server: LiveServer) -> Iterator[Visit]:
    yield from _visit(browser, live_server, scripts=True)


@pytest.fixture
def visit_without_scripts(browser: Browser, live_server: LiveServer) -> Iterator[Visit]:
    yield from _visit(browser, live_server, scripts=False)


@pytest.fixture
def visit_by_phone(browser: Browser, live_server: LiveServer) -> Iterator[Visit]:
    yield from _visit(browser, live_server, scripts=True, phone=True)
