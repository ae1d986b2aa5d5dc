import pytest
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries


@pytest.mark.django_db
def test_health_asks_the_database_one_thing(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        response = client.get("/healthz")

    assert (response.status_code, response.content) == (200, b"ok\n")
    assert "no-cache" in response["Cache-Control"]
    assert not response.cookies


@pytest.mark.django_db(transaction=True)
def test_health_fails_without_a_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")

    response = client.get("/healthz")

    assert response.status_code == 503
    monkeypatch.undo()
    connection.close()
