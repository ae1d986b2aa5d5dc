"""Configuration of the accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People who log in, guests who only watch, and the crowd that only rates."""

    name = "accounts"
