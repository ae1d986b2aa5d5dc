"""The part of `make.py` that makes the database, its files, and what of its rows is read by itself."""

import json
import re
import socket
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from tests.stored.databases import empty_database

from accounts.models import User
from embedded.postgres import postgres_binaries
from movies.models import ExternalMovie, ModelVersion, Movie, Rating, Trailer
from movies.services.averages import movie_averages_refresh_all
from pipeline.errors import PromotionRefusedError, TrainingError
from pipeline.models import SuggestionRefresh
from pipeline.services.promotion import model_promote
from pipeline.services.runs import run_begin, run_fail, run_note, run_stage, run_succeed
from pipeline.services.training import model_train, surprise_model_train
from pipeline.stage_locks import Stage

N_CROWD, N_MOVIES = 70, 24
GOOD = {"n_factors": 5, "n_epochs": 30, "learning_rate": 0.02}
BEGIN = datetime(2020, 1, 1, tzinfo=UTC)


def database_make(folder: Path) -> None:
    """Fill a database of its own by what fills the real ones, and write it down with the files that its rows name."""
    settings.EXPORTS_DIR, settings.MODELS_DIR = folder / "files" / "exports", folder / "files" / "models"
    with empty_database() as name:
        call_command("migrate", verbosity=0)
        movies = movies_create()
        users_and_ratings_create(movies)
        movie_averages_refresh_all()
        pipeline_run()
        connection.close()
        (folder / "database.sql").write_text(dumped(name), encoding="utf-8")
        rows = {each.state: row_of(each) for each in ModelVersion.objects.order_by("pk")}
        rows["live without a comparison"] = row_of(uncompared_train())
    (folder / "model_versions.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def movies_create() -> list[Movie]:
    """Return made-up films with all that a film can have."""
    movies = Movie.objects.bulk_create(
        Movie(
            tmdb_id=1000 + number,
            movielens_id=2000 + number,
            imdb_id=f"tt{number:07d}",
            title=f"Film, no. {number}",
            original_title=f"Le film n° {number}",
            released_at=datetime(1950 + number, 1 + number % 12, 1, tzinfo=UTC).date(),
            year=1950 + number,
            runtime=80 + number,
            overview=f"What happens in film {number}; it's told with 'quotes' and a\nsecond line.",
            poster_path=f"/poster-{number}.jpg",
            genres=["Drama", "Crime"] if number % 2 else ["Comedy"],
            keywords=[f"word {number % 5}"],
            cast=[f"Actor {number % 3}"],
            directors=[f"Director {number % 4}"],
        )
        for number in range(1, N_MOVIES + 1)
    )
    ExternalMovie.objects.bulk_create(
        ExternalMovie(source="ml-100k", external_id=7 * movie.pk, movie=movie) for movie in movies[:6]
    )
    Trailer.objects.bulk_create(Trailer(movie=movie, youtube_id=f"trailer_{movie.pk:03d}") for movie in movies[:4])
    return movies


def users_and_ratings_create(movies: list[Movie]) -> None:
    """Create two people, a guest and a crowd, and let them rate as one half or the other of them does."""
    User.objects.create_superuser("keeper")
    people = [
        User.objects.create_user("ada", is_active=True),
        User.objects.create_user("guest-1", kind=User.Kind.GUEST),
        *User.objects.bulk_create(
            User(
                username=f"crowd-{number}",
                kind=User.Kind.CROWD,
                crowd_source="ml-100k",
                crowd_key=number,
                is_active=False,
                password="!",
            )
            for number in range(1, N_CROWD + 1)
        ),
    ]
    rng = np.random.default_rng(0)
    pairs = [(user, movie) for user in people for movie in movies if rng.random() < 0.6]
    order = rng.permutation(len(pairs)).tolist()
    Rating.objects.bulk_create(
        Rating(user=user, movie=movie, value=stars(rng, user.pk, movie.pk), created_at=BEGIN + timedelta(hours=hours))
        for (user, movie), hours in zip(pairs, order, strict=True)
    )


def stars(rng: np.random.Generator, user_id: int, movie_id: int) -> float:
    """Return a rating that can be learnt."""
    mean = 4.2 if user_id % 2 == movie_id % 2 else 2.0
    return float(np.clip(np.round(2 * rng.normal(mean, 0.5)) / 2, 0.5, 5.0))


def pipeline_run() -> None:
    """Leave a failed run and one that has gone well: a retired model, a live, a refused and a failed one."""
    failed = run_begin()
    run_fail(run_id=failed.pk, error="SnapshotError: there was no export.")
    run = run_begin()
    with run_stage(run.pk, Stage.EXPORT_RATINGS):
        call_command("exportdatasets")
    with run_stage(run.pk, Stage.TRAIN):
        surprise_model_train(n_epochs=60, n_factors=5)
        svd = model_train(algorithm="svd", hyper_parameters=GOOD, promote=False).version
        model_promote(model_version_id=svd.pk, force_reason="to have one that is kept")
        for hyper_parameters in ({"n_factors": 1, "n_epochs": 2, "learning_rate": 1e-6}, {"learning_rate": 90.0}):
            try:
                model_train(algorithm="svd", hyper_parameters=hyper_parameters)
            except (PromotionRefusedError, TrainingError) as error:
                run_note(run.pk, str(error))
    with run_stage(run.pk, Stage.SUGGEST):
        call_command("createmoviesuggestions", "--distributed", "--max", "5", "--start", "2")
    for refresh in SuggestionRefresh.objects.all():
        refresh.workers = re.sub(rf"{re.escape(socket.gethostname())}\S*", "host", refresh.workers)
        refresh.save()
    run_succeed(run_id=run.pk)


def uncompared_train() -> ModelVersion:
    """Train a model whose gate could not compare it with the live one, which the first version let pass with a note."""
    live = ModelVersion.objects.get(state=ModelVersion.State.LIVE)
    live.config = {**live.config, "momentum": 0.9}
    live.save()
    return model_train(algorithm="svd", hyper_parameters=GOOD).version


def dumped(name: str) -> str:
    """Return a database as SQL that any client may send, without what is only of this machine or of one version."""
    parts = connection.settings_dict
    where = [f"--host={parts['HOST']}", f"--username={parts['USER']}", f"--port={parts['PORT'] or 5432}"]
    options = ["--no-owner", "--no-privileges", "--no-comments", "--inserts", "--rows-per-insert=200"]
    program = str(postgres_binaries() / "pg_dump")
    done = subprocess.run([program, *where, *options, name], check=True, capture_output=True, text=True)
    return re.sub(r"(?m)^(\\(un)?restrict .*|SET transaction_timeout.*|--.*)?\n", "", done.stdout)


def row_of(version: ModelVersion) -> dict[str, Any]:
    """Return what a row keeps as JSON."""
    names = ("config", "metrics", "learning_curve", "gate_report", "libraries")
    return {name: getattr(version, name) for name in names}
