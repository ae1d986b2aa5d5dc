"""How estimators report the epochs of a training."""

from collections.abc import Callable, Iterator
from typing import Any

from recommender.contract import AnyModel, Epoch, OnEpoch


def each_epoch(n_epochs: int, on_epoch: OnEpoch | None, model: Callable[[], AnyModel]) -> Iterator[int]:
    """Yield 1 to `n_epochs`, and report each one to `on_epoch` when the loop comes back from it.

    `model` builds the model as it is then. A true answer of `on_epoch` ends the loop.
    """
    for done in range(1, n_epochs + 1):
        yield done
        if on_epoch is not None and on_epoch(Epoch(done, n_epochs, model)):
            return


def report_only_epoch(on_epoch: OnEpoch | None, model: AnyModel, *, n_epochs: int = 1) -> None:
    """Report the finished `model` of a training that shows nothing before its last epoch."""
    if on_epoch is not None:
        on_epoch(Epoch(n_epochs, n_epochs, lambda: model))


class JoinedEpochs:
    """Reports several trainings in a row as one training of `total` epochs."""

    def __init__(self, total: int, on_epoch: OnEpoch | None) -> None:
        self._total, self._on_epoch, self._done = total, on_epoch, 0

    def next_part(self, blend: Callable[[Any], AnyModel] | None = None) -> OnEpoch | None:
        """Return the `on_epoch` of the next training; `blend` builds the whole model from the model of that part.

        Without `blend` the part is reported without a model.
        """
        on_epoch = self._on_epoch
        if on_epoch is None:
            return None

        def report(epoch: Epoch) -> bool | None:
            self._done += 1
            part = epoch.model
            if blend is None or part is None:
                return on_epoch(Epoch(self._done, self._total))
            return on_epoch(Epoch(self._done, self._total, lambda: blend(part())))

        return report
