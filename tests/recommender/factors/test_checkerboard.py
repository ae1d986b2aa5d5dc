"""A known answer: films on squares of one's own colour are loved, the few of the other colour are not."""

import numpy as np
import pytest

from recommender.algorithms import Setting, make_estimator
from recommender.data.ratings import Ratings
from recommender.data.splits import random_split

SIZE = 30
SETTINGS: dict[str, dict[str, Setting]] = {
    "svd": {"n_factors": 4, "n_epochs": 150, "learning_rate": 0.02},
    "nsvd": {"n_factors": 4, "n_epochs": 100, "learning_rate": 0.02, "init_std_dev": 0.2},
    "kmf": {"n_factors": 4, "n_epochs": 60, "batch_size": 64},
}


def board() -> Ratings:
    users, items = np.divmod(np.arange(SIZE * SIZE), SIZE)
    own = (users + items) % 2 == 0
    rated = own | (np.random.default_rng(0).random(own.size) < 0.3)
    return Ratings.from_arrays(users[rated], items[rated], np.where(own, 5.0, 1.0)[rated])


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_unseen_squares_get_the_stars_of_their_colour_whether_trained_on_or_folded_in(name: str) -> None:
    train, test = random_split(board(), test_fraction=0.15, seed=1)
    model = make_estimator(name, SETTINGS[name]).fit(train)
    trained = model.predict(test.user_ids, test.item_ids)
    assert np.mean(np.abs(trained - test.values) < 1) > 0.95
    rows = train.by_user()
    for user in range(len(train.users)):
        mine = slice(rows.indptr[user], rows.indptr[user + 1])
        person = model.fold_in(train.item_ids[mine], train.values[mine])
        asked = test.user_ids == train.users.ids[user]
        stars = model.rate_items(person)[model.items.positions(test.item_ids[asked])]
        assert (np.sign(stars - 3) == np.sign(test.values[asked] - 3)).all()
