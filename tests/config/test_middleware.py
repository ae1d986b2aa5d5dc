import pytest
from django.test import Client, override_settings

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/", "/movies/", "/accounts/login/", "/nothing-here/", "/admin/login/"])
def test_pages_may_use_nothing_from_elsewhere_and_nothing_inline(client: Client, address: str) -> None:
    response = client.get(address)

    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    page = response.content.decode()
    assert "<style" not in page
    assert " style=" not in page
    assert "onclick=" not in page


def test_missing_page_is_answered_in_style(client: Client) -> None:
    response = client.get("/nothing-here/")

    assert response.status_code == 404
    assert "Page not found" in response.content.decode()


@override_settings(SECURE_SSL_REDIRECT=True)
def test_only_the_health_check_may_come_without_https(client: Client) -> None:
    assert client.get("/").status_code == 301
    assert client.get("/healthz").status_code == 200
