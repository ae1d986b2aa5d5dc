"""Writing films, ratings and suggestion lists; each service runs in one transaction and sends no task to the queue.

May import `movies.models`, `movies.live`, `accounts`, `postgres` and `recommender`. Start with `ratings.movie_rate`.
"""
