"""What people touch: films, ratings, suggestion lists, pages, and the live model of this process.

`models` ← `services` (write) and `selectors` (read) ← `views` and `admin`. `live` loads the model that suggestions come
from. May import `accounts`, `posters`, `postgres` and `recommender`; it knows nothing of `pipeline`, `importing` and
`sample`. Start with `views.home` and `services.ratings.movie_rate`.
"""
