"""Configuration of the accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The app of users: people, guests and the crowd."""

    name = "accounts"
