"""The administration of films, ratings, users and what the machine made."""

from django.contrib import admin

from movies.admin import movie, rating, read_only, user

__all__ = ["movie", "rating", "read_only", "user"]

admin.site.site_header = admin.site.site_title = "Matinee"
admin.site.index_title = "Administration"
