"""The administration of films, ratings, users and what the machine made."""

from django.contrib import admin

from movies.admin import machine, movie, rating, user

__all__ = ["machine", "movie", "rating", "user"]

admin.site.site_header = admin.site.site_title = "Matinee"
admin.site.index_title = "Administration"
