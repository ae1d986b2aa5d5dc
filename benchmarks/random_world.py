"""Random users, films and ratings in a site's database, and a live model of random factors that knows them all.

A piece of Python for a process that has Django set up; `sizes` are users, films, factors and ratings per user.
"""

RANDOM_WORLD = """
from pathlib import Path
import numpy as np
from django.conf import settings
from django.db import connection
from django.utils import timezone
from movies.models import ModelVersion
from recommender.persistence import save_model
from recommender.artifacts import Provenance
from recommender.data.vocabulary import Vocabulary
from recommender.factors.foldin import FoldInPenalty
from recommender.factors.model import FactorModel
n_users, n_movies, n_factors, per_user = {sizes}
with connection.cursor() as cursor:
    cursor.execute('''INSERT INTO movies_movie (id, title, original_title, overview, poster_path, genres, keywords,
        "cast", directors, ratings_count, ratings_sum, created_at, updated_at)
        SELECT n, 'Film ' || n, '', '', '', '{{}}', '{{}}', '{{}}', '{{}}', 0, 0, now(), now()
        FROM generate_series(1, %s) n''', [n_movies])
    cursor.execute('''INSERT INTO accounts_user (id, password, is_superuser, username, first_name, last_name, email,
        is_staff, is_active, date_joined, kind, crowd_source, crowd_key)
        SELECT n, '!', false, 'crowd-' || n, '', '', '', false, false, now(), 'crowd', 'random', n
        FROM generate_series(1, %s) n''', [n_users])
    cursor.execute('''INSERT INTO movies_rating (user_id, movie_id, value, created_at)
        SELECT DISTINCT ON (u, m) u, m, v, now() FROM (
            SELECT u, 1 + floor(random() ^ 3 * %s)::int AS m, ceil(random() * 10) / 2 AS v
            FROM generate_series(1, %s) u, generate_series(1, %s)) drawn''', [n_movies, n_users, per_user])

rng = np.random.default_rng(0)
model = FactorModel(
    users=Vocabulary(np.arange(1, n_users + 1)), items=Vocabulary(np.arange(1, n_movies + 1)), global_mean=3.5,
    user_biases=rng.normal(0, 0.3, n_users).astype("f4"), item_biases=rng.normal(0, 0.3, n_movies).astype("f4"),
    user_factors=rng.normal(0, 0.1, (n_users, n_factors)).astype("f4"),
    item_factors=rng.normal(0, 0.1, (n_movies, n_factors)).astype("f4"), fold_in_penalty=FoldInPenalty(10.0, 0.02))
save_model(model, Path(settings.MODELS_DIR) / "random", Provenance("random", {{}}, seed=0, dataset="0" * 64))
ModelVersion.objects.create(algorithm="random", folder="random", state="live", snapshot_checksum="0" * 64,
    n_users=n_users, n_movies=n_movies, n_ratings=0, trained_until=timezone.now())
with connection.cursor() as cursor:
    cursor.execute("VACUUM ANALYZE")
"""
