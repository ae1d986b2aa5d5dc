"""Films, ratings, suggestion lists, lists of similar films, and model versions."""

from movies.models.model_version import ModelVersion
from movies.models.movie import ExternalMovie, Movie, Trailer
from movies.models.rating import Rating
from movies.models.similar import SimilarMovies
from movies.models.suggestion import SuggestionList

__all__ = ["ExternalMovie", "ModelVersion", "Movie", "Rating", "SimilarMovies", "SuggestionList", "Trailer"]
