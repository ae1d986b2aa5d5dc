"""The admin of films, ratings and users, and of the lists that the pipeline writes."""

from django.contrib import admin

from movies.admin import movie, rating, read_only, user

__all__ = ["movie", "rating", "read_only", "user"]

admin.site.site_header = admin.site.site_title = "Matinee"
admin.site.index_title = "Administration"
