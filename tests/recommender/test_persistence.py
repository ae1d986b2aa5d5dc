from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np
from typing_extensions import TypeAliasType

from recommender.artifacts import Provenance
from recommender.data.vocabulary import Vocabulary
from recommender.persistence import read_model, save_model

Scalar = TypeVar("Scalar", bound=np.generic)
# The form of `numpy.typing.NDArray` from NumPy 2.5 on.
Aliased = TypeAliasType("Aliased", np.ndarray[Any, np.dtype[Scalar]], type_params=(Scalar,))


@dataclass(frozen=True, eq=False)
class AliasedModel:
    kind: ClassVar[str] = "aliased"

    users: Vocabulary
    items: Vocabulary
    means: Aliased[np.float32]
    damping: float
    rating_scale: tuple[float, float] = (0.5, 5.0)


def test_array_fields_may_be_declared_by_a_type_alias(tmp_path: Path) -> None:
    ids = Vocabulary(np.arange(3))
    model = AliasedModel(ids, ids, np.array([1, 2, 3], dtype=np.float32), damping=5.0)

    save_model(model, tmp_path / "model", Provenance("aliased", {}, seed=0, dataset="0" * 64))  # type: ignore[arg-type]  # Storage needs the fields alone.
    again = read_model(AliasedModel, tmp_path / "model")

    assert again.means.tolist() == [1, 2, 3]
    assert (again.damping, again.items) == (5.0, ids)
