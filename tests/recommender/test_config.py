"""Declarative fields of configurations: defaults, checks, search ranges and earlier names."""

from dataclasses import asdict, dataclass

import pytest

from recommender.algorithms import ALGORITHMS, make_config, make_estimator, parse_settings
from recommender.config import (
    LARGEST_SEED,
    Config,
    checked,
    choice,
    count,
    fraction,
    not_negative,
    positive,
    random_seed,
    read_config,
    same_as,
    star_threshold,
    thread_count,
)
from recommender.errors import ConfigError
from recommender.search_space import Floats, Ints


@dataclass(frozen=True)
class ExampleConfig(Config):
    n_factors: int = count(32, search=Ints(8, 256, log=True))
    learning_rate: float = positive(0.01, aliases=("lr", "gamma"))
    regularisation: float = not_negative(0.02, search=Floats(0.01, 1.0))
    momentum: float = fraction(0.9)
    liked_from: float = star_threshold(3.5)
    device: str = choice("auto", ("auto", "cpu"))
    dislikes: float = checked(1.0, lambda value: 0 <= value <= 1, "from 0 to 1")
    n_threads: int | None = thread_count()
    seed: int = random_seed()


@dataclass(frozen=True)
class BlendConfig(Config):
    n_factors: int = same_as(ExampleConfig, "n_factors")
    n_genres: int = count(3)


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("n_factors", 0, "at least 1"),
        ("learning_rate", 0.0, "a finite number above 0"),
        ("learning_rate", float("inf"), "a finite number above 0"),
        ("regularisation", -0.1, "a finite number, 0 or more"),
        ("regularisation", float("nan"), "a finite number, 0 or more"),
        ("momentum", 1.0, "from 0 to below 1"),
        ("liked_from", 5.5, "stars from 0 to 5"),
        ("device", "tpu", "one of auto, cpu"),
        ("dislikes", 1.5, "from 0 to 1"),
        ("n_threads", 0, "at least 1"),
        ("seed", -1, f"from 0 to {LARGEST_SEED}"),
        ("seed", LARGEST_SEED + 1, f"from 0 to {LARGEST_SEED}"),
    ],
)
def test_a_value_outside_its_range_is_refused_by_name(name: str, value: float | str, wanted: str) -> None:
    with pytest.raises(ConfigError, match=f"^{name} is {value}: it must be {wanted}.$"):
        ExampleConfig(**{name: value})  # type: ignore[arg-type]  # Wrong on purpose.


def test_a_field_keeps_its_default_order_and_search_range() -> None:
    assert list(asdict(ExampleConfig()).items())[:2] == [("n_factors", 32), ("learning_rate", 0.01)]
    assert ExampleConfig.space() == {"n_factors": Ints(8, 256, log=True), "regularisation": Floats(0.01, 1.0)}


def test_a_borrowed_field_has_the_default_the_check_and_the_range_of_the_original() -> None:
    assert BlendConfig().n_factors == 32
    assert BlendConfig.space() == {"n_factors": Ints(8, 256, log=True)}
    with pytest.raises(ConfigError, match="n_factors is 0"):
        BlendConfig(n_factors=0)


def test_a_part_takes_the_fields_that_both_have() -> None:
    assert BlendConfig(n_factors=7).part(ExampleConfig) == ExampleConfig(n_factors=7)


@pytest.mark.parametrize("earlier", ["lr", "gamma"])
def test_a_stored_configuration_may_have_earlier_names(earlier: str) -> None:
    assert read_config(ExampleConfig, {earlier: 0.5, "seed": 4}, owner="example") == ExampleConfig(
        learning_rate=0.5, seed=4
    )


def test_a_setting_by_both_of_its_names_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"lr is 0\.5: it must be left out where learning_rate is given"):
        read_config(ExampleConfig, {"lr": 0.5, "learning_rate": 0.1}, owner="example")


def test_an_unknown_setting_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="example has no setting 'rate': choose among n_factors, learning_rate, "):
        read_config(ExampleConfig, {"rate": 0.5}, owner="example")


@pytest.mark.parametrize("name", sorted(ALGORITHMS))
def test_a_stored_configuration_makes_the_same_configuration_again(name: str) -> None:
    stored = asdict(make_config(name, seed=9))
    assert list(stored)[-1] == "seed"
    assert asdict(make_config(name, stored)) == stored


def test_a_whole_configuration_makes_an_estimator_with_its_seed() -> None:
    stored = asdict(make_config("svd", {"n_factors": 3}, seed=9))
    assert make_estimator("svd", stored) == make_estimator("svd", {"n_factors": 3}, seed=9)


@pytest.mark.parametrize("name", ["svd", "popularity"])
def test_command_line_and_library_give_the_same_error_for_an_unknown_setting(name: str) -> None:
    message = f"{name} has no setting 'lr': choose among "
    with pytest.raises(ConfigError, match=message):
        make_config(name, {"lr": 1.0})
    with pytest.raises(ConfigError, match=message):
        parse_settings(name, ["lr=1.0"])
