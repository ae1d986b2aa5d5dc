from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from accounts.services.crowd import crowd_users_ensure, fake_names, fake_users_create

pytestmark = pytest.mark.django_db


def ran(*arguments: str) -> str:
    out = StringIO()
    call_command("createfakeusers", *arguments, stdout=out)
    return out.getvalue()


def test_ten_users_are_made_by_default() -> None:
    assert ran() == "Made 10 fake users.\n"
    assert User.objects.crowd().count() == 10


def test_total_counts_everyone_afterwards() -> None:
    User.objects.create_user("ada")

    assert ran("3", "--show-total") == "Made 3 fake users.\nThere are 4 users in all.\n"


def test_all_users_are_different_also_across_runs() -> None:
    fake_users_create(total=600)
    fake_users_create(total=600)

    users = User.objects.values_list("username", "first_name", "last_name")
    assert len({username for username, _, _ in users}) == 1200
    assert len({(first, last) for _, first, last in users}) == 1200
    assert all(first and last for _, first, last in users)


def test_runs_go_on_after_the_newest_user_and_not_after_the_number_of_users() -> None:
    fake_users_create(total=5)
    User.objects.filter(crowd_key__lt=3).delete()

    assert fake_users_create(total=2) == 2
    assert list(User.objects.order_by("crowd_key").values_list("crowd_key", flat=True)) == [3, 4, 5, 6]


def test_fake_users_belong_to_the_crowd_and_cannot_log_in() -> None:
    fake_users_create(total=1)

    user = User.objects.get()
    assert user.kind == User.Kind.CROWD
    assert (user.is_active, user.has_usable_password(), user.crowd_source) == (False, False, "fake")
    assert user.username == "crowd:fake:0"


def test_names_stay_unique_past_the_first_lap_of_the_pools() -> None:
    names = fake_names(first=0, total=50_000)

    assert len(set(names)) == 50_000


def test_a_counter_follows_the_name_once_every_pair_is_used() -> None:
    (name,) = fake_names(first=10**9, total=1)

    assert name.last_name.split()[-1].isdecimal()
    assert fake_names(first=10**9, total=2)[0] == name


def test_users_of_a_data_set_are_made_once_and_returned_in_order() -> None:
    first, created = crowd_users_ensure(source="sample", n_users=3)
    again, created_again = crowd_users_ensure(source="sample", n_users=5)

    assert (created, created_again) == (3, 2)
    assert again[:3] == first
    assert list(User.objects.filter(pk__in=again).order_by("crowd_key").values_list("pk", flat=True)) == again


@pytest.mark.parametrize("total", ["0", "-1", "ten", "1.5"])
def test_a_total_that_is_no_positive_number_is_refused(total: str) -> None:
    with pytest.raises(CommandError, match="whole number of at least 1"):
        ran(total)
    assert not User.objects.exists()
