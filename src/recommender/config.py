"""Declarative hyper-parameters: a field of a configuration states its default, its check and its search range once.

    @dataclass(frozen=True)
    class ExampleConfig(Config):
        n_factors: int = count(32, search=Ints(8, 256, log=True))
        regularisation: float = not_negative(0.02, aliases=("reg",))
        seed: int = random_seed()

The names, order and defaults of fields are a stored format: list the earlier names of a renamed field as its `aliases`.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple, TypeAlias, TypedDict, TypeVar, Unpack

from recommender.errors import ConfigError
from recommender.rating_scale import RATING_SCALE
from recommender.search_space import Choices, Floats, Ints, Scalar, SearchSpace

LARGEST_SEED = 2**32 - 1
DEVICES = ("auto", "cpu", "cuda")

Settings: TypeAlias = Mapping[str, Scalar]
Range: TypeAlias = Floats | Ints | Choices
V = TypeVar("V")
T = TypeVar("T")
C = TypeVar("C", bound="Config")


class _Rule(NamedTuple):
    """The metadata of a field: `holds` accepts the values that `wanted` describes."""

    holds: Callable[[Any], bool]
    wanted: str
    search: Range | None = None
    aliases: tuple[str, ...] = ()


class _Options(TypedDict, total=False):
    """`search`: the values that a search may try; `aliases`: earlier names of the field."""

    search: Range
    aliases: tuple[str, ...]


@dataclass(frozen=True)
class Config:
    """Base of the configurations of all algorithms. ConfigError for a value that its field does not accept."""

    def __post_init__(self) -> None:
        for name, rule in _rules(type(self)):
            value = getattr(self, name)
            require(_accepts(rule, value), name, value, rule.wanted)

    @classmethod
    def space(cls) -> SearchSpace:
        """Return the values that a search may try, by field name; fields left out keep their default."""
        return {name: rule.search for name, rule in _rules(cls) if rule.search is not None}

    def part(self, cls: type[T]) -> T:
        """Return the dataclass `cls` with the values of the fields that both have, and defaults for its others."""
        shared = {each.name for each in fields(cls)} & {each.name for each in fields(self)}  # type: ignore[arg-type]  # A dataclass.
        return cls(**{name: getattr(self, name) for name in shared})


def read_config(cls: type[C], settings: Settings, *, owner: str) -> C:
    """Return the configuration with these settings, by present or earlier names, and defaults for the rest.

    `owner`: the algorithm that messages name. ConfigError for an unknown setting, one given twice or a bad value.
    """
    current = {alias: name for name, rule in _rules(cls) for alias in rule.aliases}
    for name in settings.keys() & current.keys():
        require(current[name] not in settings, name, settings[name], f"left out where {current[name]} is given")
    renamed = {current.get(name, name): value for name, value in settings.items()}
    require_settings(renamed, cls, owner=owner)
    return cls(**renamed)


def require_settings(names: Iterable[str], cls: type[Config], *, owner: str) -> None:
    """Raise ConfigError, listing the settings of the algorithm `owner`, unless all `names` are fields of `cls`."""
    known = [each.name for each in fields(cls)]
    for name in sorted(set(names) - set(known)):
        raise ConfigError(f"{owner} has no setting {name!r}: choose among {', '.join(known)}.")


def checked(default: V, holds: Callable[[V], bool], wanted: str, **options: Unpack[_Options]) -> V:
    """Return a field whose values satisfy `holds`, which `wanted` describes."""
    return field(default=default, metadata={"rule": _Rule(holds, wanted, **options)})


def count(default: int, **options: Unpack[_Options]) -> int:
    """Return a field for a whole number of at least 1."""
    return checked(default, lambda value: value >= 1, "at least 1", **options)


def thread_count() -> int | None:
    """Return a field for a number of threads, None for one per core."""
    default: int | None = None
    return checked(default, lambda value: value is None or value >= 1, "at least 1")


def positive(default: float, **options: Unpack[_Options]) -> float:
    """Return a field for a finite number above 0."""
    return checked(default, lambda value: 0 < value < math.inf, "a finite number above 0", **options)


def not_negative(default: float, **options: Unpack[_Options]) -> float:
    """Return a field for a finite number, 0 or more."""
    return checked(default, lambda value: 0 <= value < math.inf, "a finite number, 0 or more", **options)


def fraction(default: float, **options: Unpack[_Options]) -> float:
    """Return a field for a number from 0 to below 1."""
    return checked(default, lambda value: 0 <= value < 1, "from 0 to below 1", **options)


def star_threshold(default: float, **options: Unpack[_Options]) -> float:
    """Return a field for a limit on the rating scale; 0 lets every rating pass."""
    return checked(default, lambda value: 0 <= value <= RATING_SCALE[1], "stars from 0 to 5", **options)


def choice(default: str, values: tuple[str, ...], **options: Unpack[_Options]) -> str:
    """Return a field for one of a few words."""
    return checked(default, lambda value: value in values, f"one of {', '.join(values)}", **options)


def random_seed(default: int = 0) -> int:
    """Return a field for a seed that every generator of random numbers takes."""
    return checked(default, lambda value: 0 <= value <= LARGEST_SEED, f"from 0 to {LARGEST_SEED}")


def same_as(cls: type[Config], name: str) -> Any:
    """Return a field with the default, check and search range of the field `name` of another configuration."""
    source = {each.name: each for each in fields(cls)}[name]
    return field(default=source.default, metadata=source.metadata)


def require(condition: bool, name: str, value: object, wanted: str) -> None:  # noqa: FBT001 - an assertion's subject.
    """Raise ConfigError, naming the hyper-parameter, its value and what is wanted, unless `condition` holds."""
    if not condition:
        raise ConfigError(f"{name} is {value}: it must be {wanted}.")


def require_count(name: str, value: int) -> None:
    """Require a whole number of at least 1."""
    require(value >= 1, name, value, "at least 1")


def require_seed(value: int) -> None:
    """Require a seed that every generator of random numbers takes."""
    require(0 <= value <= LARGEST_SEED, "seed", value, f"from 0 to {LARGEST_SEED}")


def _accepts(rule: _Rule, value: object) -> bool:
    try:
        return rule.holds(value)
    except TypeError:  # a value of another type, as a stored configuration may hold
        return False


def _rules(cls: type[Config]) -> Iterator[tuple[str, _Rule]]:
    for each in fields(cls):
        if "rule" in each.metadata:
            yield each.name, each.metadata["rule"]
