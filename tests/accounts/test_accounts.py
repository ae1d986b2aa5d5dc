import re
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-evening-42"


@pytest.fixture(autouse=True)
def _own_rate_limits(settings: Settings) -> None:
    # Limits on attempts are counted in the cache, which tests that run at the same time share.
    settings.CACHES = {"default": {**settings.CACHES["default"], "KEY_PREFIX": uuid.uuid4().hex}}


def sign_up(client: Client, username: str, **more: str) -> int:
    form = {"username": username, "password1": PASSWORD, "password2": PASSWORD, **more}
    return client.post("/accounts/signup/", form).status_code


def test_sign_up_creates_a_person_and_logs_in(client: Client) -> None:
    form = {"username": "ada", "password1": PASSWORD, "password2": PASSWORD}

    response = client.post("/accounts/signup/", form, follow=True)

    assert response.redirect_chain == [("/", 302)]
    assert User.objects.get().kind == User.Kind.PERSON
    assert "ada" in response.content.decode()


@pytest.mark.parametrize("username", ["crowd:1", "crowd:ml-1m:7", "a b", ""])
def test_names_of_the_crowd_cannot_be_signed_up(client: Client, username: str) -> None:
    assert sign_up(client, username) == 200
    assert not User.objects.exists()


def test_taken_name_is_refused_in_any_case(client: Client) -> None:
    User.objects.create_user("Ada")

    assert sign_up(client, "ada") == 200
    assert User.objects.count() == 1


def test_log_in_returns_to_the_page_that_required_it(client: Client) -> None:
    User.objects.create_user("ada", password=PASSWORD)

    response = client.post("/accounts/login/?next=/movies/", {"login": "ada", "password": PASSWORD, "next": "/movies/"})

    assert response["Location"] == "/movies/"


def test_log_out_is_one_click_and_leads_home(client: Client) -> None:
    client.force_login(User.objects.create_user("ada"))

    response = client.post("/accounts/logout/")

    assert response["Location"] == "/"
    assert "sessionid" not in client.cookies or not client.cookies["sessionid"].value


@pytest.mark.parametrize("password", ["", "!", "!unusable", PASSWORD])
def test_crowd_cannot_log_in(client: Client, password: str) -> None:
    crowd = User(username="crowd:1", kind=User.Kind.CROWD, crowd_source="ml-1m", crowd_key=1, is_active=False)
    crowd.set_unusable_password()
    crowd.save()

    for name in ("crowd:1", crowd.password):
        client.post("/accounts/login/", {"login": name, "password": password or crowd.password})
        client.post("/admin/login/", {"username": name, "password": password})

    assert "_auth_user_id" not in client.session


def test_email_that_resets_a_password_is_written_to_a_file_and_works(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "django.core.mail.backends.filebased.EmailBackend", tmp_path
    User.objects.create_user("ada", email="ada@example.org", password="forgotten-one-1")

    client.post("/accounts/password/reset/", {"email": "ada@example.org"})
    (email,) = tmp_path.iterdir()
    link = re.search(r"http\S+/password/reset/key/\S+", email.read_text())
    assert link
    page = client.get(urlsplit(link[0]).path, follow=True)
    client.post(page.redirect_chain[-1][0], {"password1": PASSWORD, "password2": PASSWORD})

    assert User.objects.get().check_password(PASSWORD)
    assert client.get(urlsplit(link[0]).path, follow=True).content.count(b"The link is not valid") == 1


@pytest.mark.parametrize("address", ["login", "signup", "password/reset", "password/reset/done", "inactive"])
def test_pages_of_the_entrance_are_in_the_sites_layout(client: Client, address: str) -> None:
    page = client.get(f"/accounts/{address}/").content.decode()

    assert 'class="wordmark"' in page
    assert 'class="panel"' in page


@pytest.mark.parametrize("address", ["logout", "password/change", "email", "reauthenticate"])
def test_pages_of_the_account_are_in_the_sites_layout(client: Client, address: str) -> None:
    client.force_login(User.objects.create_user("ada", password=PASSWORD))

    page = client.get(f"/accounts/{address}/").content.decode()

    assert 'class="wordmark"' in page
    assert 'class="panel"' in page


@pytest.mark.parametrize(("is_staff", "links"), [(True, 1), (False, 0)])
def test_only_staff_see_the_way_to_the_admin(client: Client, is_staff: bool, links: int) -> None:  # noqa: FBT001  # a parameter of the test
    client.force_login(User.objects.create_user("ada", is_staff=is_staff))

    assert client.get("/movies/").content.count(b'href="/admin/"') == links
