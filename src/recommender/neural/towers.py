"""Training of the two towers of `neuralcf` by PyTorch, which is an optional dependency."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from recommender.arrays import Float32Array, Int64Array
from recommender.contract import AnyModel, OnEpoch
from recommender.data.rows import Rows
from recommender.epochs import each_epoch
from recommender.errors import ConfigError
from recommender.neural.neuralcf_config import NeuralCFConfig
from recommender.neural.tower_arrays import Towers

# The largest number of interactions of one user in a step, so that a few users do not fill it.
_INTERACTIONS_PER_USER = 64
# The smallest number of interactions that justifies a thread.
_INTERACTIONS_PER_THREAD = 50_000


class TwoTowers(nn.Module):  # type: ignore[misc]  # PyTorch is optional and not looked into.
    """The network; see `Towers` for the formula."""

    def __init__(self, n_items: int, config: NeuralCFConfig) -> None:
        super().__init__()
        self.inputs = nn.Embedding(n_items, config.n_factors)
        self.items = nn.Embedding(n_items, config.n_factors)
        for embedding in (self.inputs, self.items):
            nn.init.normal_(embedding.weight, std=config.n_factors**-0.5)
        self.hidden = nn.Linear(config.n_factors, config.n_hidden)
        self.output = nn.Linear(config.n_hidden, config.n_factors, bias=False)
        self.item_hidden = nn.Linear(config.n_factors, config.n_hidden)
        self.item_output = nn.Linear(config.n_hidden, config.n_factors, bias=False)

    def encode_users(self, means: Tensor) -> Tensor:
        """Return the outputs of the user tower for (b, k) means: (b, k)."""
        ends: Tensor = self.output(torch.relu(self.hidden(means)))
        return ends

    def encode_items(self, items: Tensor) -> Tensor:
        """Return the outputs of the item tower, with a shortcut, for (m,) positions: (m, k)."""
        vectors = self.items(items)
        ends: Tensor = vectors + self.item_output(torch.relu(self.item_hidden(vectors)))
        return ends

    def towers(self) -> Towers:
        """Return the present parameters as arrays."""
        with torch.no_grad():
            everywhere = torch.arange(self.items.num_embeddings, device=self.items.weight.device)
            parts = (
                self.inputs.weight,
                self.hidden.weight,
                self.hidden.bias,
                self.output.weight,
                self.encode_items(everywhere),
            )
            return Towers(*(_array(part) for part in parts))


def train_towers(
    liked: Rows,
    n_items: int,
    config: NeuralCFConfig,
    on_epoch: OnEpoch | None,
    model: Callable[[Towers], AnyModel],
) -> Towers:
    """Train on the positive interactions; `model` makes a model of towers for `on_epoch`."""
    device = _device(config.device)
    with torch.random.fork_rng(), _threads(liked.indices.size):
        torch.manual_seed(config.seed)
        network = TwoTowers(n_items, config).to(device)
        optimizer = torch.optim.Adam(network.parameters(), lr=config.learning_rate)
        rng = np.random.default_rng(config.seed)
        for _ in each_epoch(config.n_epochs, on_epoch, lambda: model(network.towers())):
            for users in _batches(liked, config.batch_users, rng):
                loss = _loss(network, _batch(liked.take(users), n_items, config, rng), device)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    towers: Towers = network.towers()
    return towers


def _batches(liked: Rows, size: int, rng: np.random.Generator) -> Iterator[Int64Array]:
    """Yield batches, in random order, of users with at least two positive interactions."""
    users = rng.permutation(np.flatnonzero(np.diff(liked.indptr) > 1))
    for start in range(0, users.size, size):
        yield users[start : start + size]


class _Batch:
    """Interactions of some users, and the items that they are compared with, as positions."""

    def __init__(self, indices: Int64Array, offsets: Int64Array, kept: Float32Array) -> None:
        self.indices, self.offsets, self.kept = indices, offsets, kept
        self.rows = np.repeat(np.arange(offsets.size), np.diff(np.append(offsets, indices.size)))
        self.targets = np.empty(0, dtype=np.int64)
        self.sampled = np.empty(0, dtype=np.int64)


def _batch(rows: Rows, n_items: int, config: NeuralCFConfig, rng: np.random.Generator) -> _Batch:
    kept = (rng.random(rows.indices.size) >= config.dropout).astype(np.float32)
    batch = _Batch(rows.indices.astype(np.int64), rows.indptr[:-1], kept)
    chance = rng.random(rows.indices.size) * np.repeat(np.diff(rows.indptr), np.diff(rows.indptr))
    batch.targets = np.flatnonzero(chance < _INTERACTIONS_PER_USER)
    batch.sampled = np.sort(rng.choice(n_items, min(config.n_sampled, n_items), replace=False))
    return batch


def _loss(network: TwoTowers, batch: _Batch, device: torch.device) -> Tensor:
    """Return minus the mean log-probability of each interaction, given the user's others, against the sampled items."""
    indices, offsets = torch.from_numpy(batch.indices).to(device), torch.from_numpy(batch.offsets).to(device)
    kept = torch.from_numpy(batch.kept).to(device)
    rows, targets = torch.from_numpy(batch.rows).to(device), torch.from_numpy(batch.targets).to(device)
    sums = nn.functional.embedding_bag(indices, network.inputs.weight, offsets, mode="sum", per_sample_weights=kept)
    counts = torch.zeros(len(offsets), device=device).index_add_(0, rows, kept)
    own = kept[targets, None] * network.inputs(indices[targets])
    others = (counts[rows[targets]] - kept[targets]).clamp(min=1)[:, None]
    users = network.encode_users((sums[rows[targets]] - own) / others)
    sampled = torch.from_numpy(batch.sampled).to(device)
    against = users @ network.encode_items(sampled).T
    against = against.masked_fill(sampled[None, :] == indices[targets, None], -torch.inf)
    fit = (users * network.encode_items(indices[targets])).sum(dim=1, keepdim=True)
    return (torch.logsumexp(torch.cat([fit, against], dim=1), dim=1) - fit[:, 0]).mean()


@contextmanager
def _threads(n_interactions: int) -> Iterator[None]:
    """Use one thread for little work: several would mostly wait for one another, and round differently."""
    before = torch.get_num_threads()
    torch.set_num_threads(min(before, 1 + n_interactions // _INTERACTIONS_PER_THREAD))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _device(wanted: str) -> torch.device:
    if wanted == "cuda" and not torch.cuda.is_available():
        raise ConfigError("device is cuda, but PyTorch finds no CUDA here: use auto or cpu.")
    return torch.device("cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu")


def _array(tensor: Tensor) -> Float32Array:
    array: Float32Array = tensor.detach().cpu().numpy().astype(np.float32)
    return array
