import re
from pathlib import Path

import pytest
from django.core.management import call_command

from movies.models import Rating, SuggestionList


@pytest.mark.slow
def test_surprise_svd_on_latest_small_has_the_known_error_and_suggests_no_rated_movie(
    transactional_db: None, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("importdataset", str(shared_data / "ml-latest-small"), "--ratings", "full")
    call_command("exportdatasets")
    call_command("trainsurprisemodel")
    call_command("createmoviesuggestions")

    report = re.search(r"100,836 ratings of 610 users and 9,724 movies: RMSE (0\.\d{4})", capsys.readouterr().out)
    assert report is not None
    assert float(report[1]) == pytest.approx(0.87, abs=0.01)
    lists = dict(SuggestionList.objects.values_list("user_id", "movie_ids"))
    assert len(lists) == 610
    assert {len(movie_ids) for movie_ids in lists.values()} == {250}
    rated = set(Rating.objects.values_list("user_id", "movie_id"))
    assert not any((user_id, movie_id) in rated for user_id, movie_ids in lists.items() for movie_id in movie_ids)
