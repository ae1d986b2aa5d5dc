"""Addresses of the pages."""

from django.urls import path

from movies.views.catalogue import movie_list
from movies.views.health import health
from movies.views.home import home
from movies.views.movie import movie_detail, rate
from movies.views.posters import poster

urlpatterns = [
    path("", home, name="home"),
    path("movies/", movie_list, name="movies"),
    path("movies/<int:movie_id>/", movie_detail, name="movie"),
    path("movies/<int:movie_id>/rating/", rate, name="movie_rate"),
    path("posters/<int:movie_id>.svg", poster, name="poster"),
    path("healthz", health, name="health"),
]
