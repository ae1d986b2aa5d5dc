from pathlib import Path

import pytest
from django.core.management import call_command
from tests.pipeline.worlds import World
from tests.terms import terms_of

from movies.models import ModelVersion, Movie
from pipeline.services.evaluation import catalogue_from_database
from recommender.algorithms import load_model
from recommender.blends.hybrid_model import HybridModel

pytestmark = pytest.mark.django_db


def test_the_catalogue_has_the_facts_of_each_film_in_the_database() -> None:
    heat = Movie.objects.create(
        title="Heat", genres=["Crime", "Drama"], keywords=["heist"], cast=["Al Pacino"], directors=["Michael Mann"]
    )
    blank = Movie.objects.create(title="Blank")
    catalogue = catalogue_from_database()
    assert catalogue.items.ids.tolist() == [heat.pk, blank.pk]
    kinds = (catalogue.genres, catalogue.keywords, catalogue.cast, catalogue.directors)
    assert [terms_of(kind, 0) for kind in kinds] == [("Crime", "Drama"), ("heist",), ("Al Pacino",), ("Michael Mann",)]
    assert [terms_of(kind, 1) for kind in kinds] == [(), (), (), ()]


def test_a_model_with_a_catalogue_knows_unrated_films(world: World, folders: Path) -> None:
    Movie.objects.filter(pk__in=world.movie_ids).update(genres=["Drama"], keywords=["heist"])
    unrated = Movie.objects.create(title="Unrated", genres=["Drama"], keywords=["heist"])
    call_command("exportdatasets")
    call_command("trainmodel", "hybrid", "--no-promote", "--set", "n_factors=4", "n_epochs=2")
    model = load_model(folders / "models" / ModelVersion.objects.get().folder)
    assert isinstance(model, HybridModel)
    assert unrated.pk in model.recommend_from(world.movie_ids[0], None, 50).item_ids
