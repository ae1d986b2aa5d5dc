import uuid
from itertools import product

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, Route, expect
from pytest_django import Settings
from tests.browser.conftest import Visit
from tests.movie_rows import make_movies, suggest

from accounts.models import User
from movies.models import Movie, Rating
from movies.selectors.cards import PAGE_SIZE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "a-long-evening-42"


@pytest.fixture(autouse=True)
def _own_rate_limits(settings: Settings) -> None:
    # Limits on attempts are counted in the cache, which tests that run at the same time share.
    settings.CACHES = {"default": {**settings.CACHES["default"], "KEY_PREFIX": uuid.uuid4().hex}}


@pytest.fixture
def movies() -> list[Movie]:
    return make_movies(2 * PAGE_SIZE + 5)


def sign_up(visit: Visit) -> None:
    page = visit.open("/accounts/signup/")
    page.get_by_label("Username:").fill("ada")
    page.get_by_label("Password:", exact=True).fill(PASSWORD)
    page.get_by_label("Password (again):").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Popular films")


def log_in(visit: Visit) -> User:
    user = User.objects.create_user("ada")
    client = Client()
    client.force_login(user)
    visit.page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": visit.home}]
    )
    visit.open("/")
    return user


def panel(page: Page) -> str:
    return page.locator(".rating-panel__figures").inner_text()


def test_newcomer_signs_up_and_rates_with_one_click(visit: Visit, movies: list[Movie]) -> None:
    sign_up(visit)
    page = visit.open(f"/movies/{movies[-1].pk}/")
    assert "10 ratings" in panel(page)
    loads = visit.loads

    page.locator(".rating-panel .stars__half").nth(9).click()

    expect(page.locator(".rating-panel__mine")).to_have_text("You gave it 5 stars.")
    assert "11 ratings" in panel(page)
    assert "3.2" in panel(page)
    assert visit.loads == loads
    assert Rating.objects.get().value == 5.0

    page.get_by_role("button", name="Remove").click()

    expect(page.locator(".rating-panel__mine")).to_have_text("You removed your rating.")
    assert "10 ratings" in panel(page)


def test_keyboard_alone_rates(visit: Visit, movies: list[Movie]) -> None:
    log_in(visit)
    page = visit.open(f"/movies/{movies[0].pk}/")
    page.locator(f"#stars-{movies[0].pk}-3\\.5").focus()

    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")

    expect(page.locator(".rating-panel__mine")).to_have_text("You gave it 4 stars.")
    expect(page.locator(f"#stars-{movies[0].pk}-4")).to_be_focused()


def test_stars_that_are_changed_before_the_answer_comes_are_those_that_are_saved(
    visit: Visit, movies: list[Movie]
) -> None:
    user = log_in(visit)
    page = visit.open(f"/movies/{movies[0].pk}/")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/rating/", hold, times=1)
    page.locator(f"#stars-{movies[0].pk}-3\\.5").focus()

    with page.expect_request("**/rating/"):
        page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    held[0].continue_()

    expect(page.locator(".rating-panel__mine")).to_have_text("You gave it 4 stars.")
    assert Rating.objects.get(user=user).value == 4


def test_site_works_without_scripts(visit_without_scripts: Visit, movies: list[Movie]) -> None:
    visit = visit_without_scripts
    sign_up(visit)
    page = visit.open(f"/movies/{movies[-1].pk}/")
    page.locator(".rating-panel .stars__half").nth(0).click()
    page.locator(".rating-panel").get_by_role("button", name="Save").click()

    expect(page.locator(".rating-panel__mine")).to_have_text("You gave it half a star.")
    expect(page.get_by_text("Your rating is saved.")).to_be_visible()
    assert "11 ratings" in panel(page)
    assert "2.8" in panel(page)

    visit.open("/")
    page.get_by_role("link", name="Next page").click()
    expect(page.locator(".card__title").first).to_have_text(f"Film {PAGE_SIZE + 1}")


def test_home_page_grows_as_it_is_scrolled_and_keeps_its_order(visit: Visit, movies: list[Movie]) -> None:
    user = log_in(visit)
    backwards = list(reversed(movies))
    suggest(user, backwards)
    page = visit.open("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("For you")
    loads = visit.loads

    for shown in (2 * PAGE_SIZE, len(movies)):
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        expect(page.locator(".card").nth(shown - 1)).to_be_attached()

    assert page.locator(".card__title").all_inner_texts() == [movie.title for movie in backwards]
    expect(page.get_by_role("link", name="Next page")).to_have_count(0)
    assert visit.loads == loads


def test_home_page_shows_every_film_once_though_the_list_is_rewritten(visit: Visit, movies: list[Movie]) -> None:
    user = log_in(visit)
    row = suggest(user, movies)
    page = visit.open("/")
    expect(page.locator(".card").nth(PAGE_SIZE - 1)).to_be_attached()

    row.movie_ids, row.created_at = row.movie_ids[::-1], timezone.now()
    row.save()
    for shown in (2 * PAGE_SIZE, len(movies)):
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        expect(page.locator(".card").nth(shown - 1)).to_be_attached()

    expect(page.get_by_role("link", name="Next page")).to_have_count(0)
    titles = page.locator(".card__title").all_inner_texts()
    assert sorted(titles) == sorted(movie.title for movie in movies)


def test_card_rated_on_the_home_page_is_marked_in_place_and_gone_next_time(visit: Visit, movies: list[Movie]) -> None:
    user = log_in(visit)
    suggest(user, movies[:3])
    page = visit.open("/")

    page.locator(f"#card-{movies[1].pk} .stars__half").nth(7).click()

    expect(page.locator(f"#card-{movies[1].pk} .badge")).to_contain_text("You: 4")
    assert page.locator(".card").count() == 3
    visit.open("/")
    assert page.locator(".card__title").all_inner_texts() == ["Film 1", "Film 3"]


def test_phone_rates_from_a_sheet_with_targets_for_a_finger(visit_by_phone: Visit, movies: list[Movie]) -> None:
    log_in(visit_by_phone)
    page = visit_by_phone.open("/")
    card = page.locator(f"#card-{movies[0].pk}")

    card.get_by_role("button", name="Rate").tap()
    half = card.locator(".stars__half").nth(6)
    size = half.bounding_box()
    half.tap()

    assert size is not None
    assert (size["width"] >= 24, size["height"] >= 44) == (True, True)
    expect(card.locator(".badge")).to_contain_text("You: 3.5")
    expect(card.locator(".card__sheet")).to_be_hidden()


def settled_width(page: Page, expected: int) -> int:
    """Return the width of the page; after a change of the viewport the browser may need some frames to lay it out."""
    width = 0
    for _ in range(40):
        width = page.evaluate("document.documentElement.scrollWidth")
        if width == expected:
            break
        page.wait_for_timeout(50)
    return width


def test_pages_fit_a_phone(visit_by_phone: Visit, movies: list[Movie]) -> None:
    """However wide the letters of its system are, and however large its owner has made them."""
    for path in ("/", "/movies/?sort=recent&page=2", f"/movies/{movies[0].pk}/", "/accounts/login/"):
        page = visit_by_phone.open(path)
        assert page.evaluate("document.documentElement.scrollWidth") == 375, path

        for width, size, spacing in product([320, 375], ["16px", "24px"], ["0", "0.1em"]):
            letters = {"fontSize": size, "letterSpacing": spacing}
            page.set_viewport_size({"width": width, "height": 812})
            page.evaluate("letters => Object.assign(document.documentElement.style, letters)", letters)
            assert settled_width(page, width) == width, (path, letters)


def test_failed_rating_shows_a_message(visit: Visit, movies: list[Movie]) -> None:
    log_in(visit)
    page = visit.open(f"/movies/{movies[0].pk}/")
    Movie.objects.all().delete()

    page.locator(".rating-panel .stars__half").nth(5).click()

    expect(page.get_by_role("alert")).to_contain_text("nothing was saved")
    visit.troubles.clear()  # The browser notes the answer 404 on its console.


def test_menu_leads_out(visit: Visit, movies: list[Movie]) -> None:
    log_in(visit)
    page = visit.page

    page.locator("summary").click()
    page.get_by_role("button", name="Log out").click()

    expect(page.get_by_role("link", name="Log in").first).to_be_visible()
