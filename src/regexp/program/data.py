"""The data of all runs: loaded once for those that see the same, and gathered once for those that share batches."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable, Iterator, Sequence

import torch
from jaxtyping import Int, Shaped

from regexp import rng
from regexp.datasets.dataset import Data
from regexp.stack.axis import spread

GATHERED_NUMBERS = 1 << 18
"""How many numbers are gathered at once: many epochs of a small table, and of large ones batches (at least one)."""

EVALUATION_ROWS = 1024
"""Examples of one product in an evaluation: fixed, so that a run's metrics do not depend on its neighbours."""


Batches = tuple[Iterable[torch.Tensor], Iterable[torch.Tensor]]
"""The inputs and the targets of an epoch's batches."""


class Rows:
    """Which rows of a table each group of runs reads: the group's rows are ``index[group]``."""

    def __init__(self, table: torch.Tensor, index: Int[torch.Tensor, "groups n"]):
        self.table, self.index = table, index.to(table.device)
        self.view = _view(table, index)

    def epochs(self, orders: Int[torch.Tensor, "epochs groups n"], size: int, runs: int) -> Iterator[Iterable[torch.Tensor]]:
        """The batches of every epoch, each (runs, size, *shape): every run has the rows of its group, in the group's order.
        With ``runs`` equal to the number of groups, a batch is what the runs of a group share.
        """
        at_once = max(1, GATHERED_NUMBERS // (orders[0].numel() * self.table[0].numel() * (runs // len(self.index))))
        for some in orders.split(at_once):
            index = self.index.expand_as(some).gather(-1, some)
            if len(some) > 1:
                batches = (spread(self._read(part), runs, dim=1) for part in index.split(size, dim=2))
                yield from zip(*(batch.unbind() for batch in batches), strict=True)
            else:
                yield (spread(batch, runs) for batch in self._batches(index[0], size))

    def slice(self, low: int, high: int) -> Shaped[torch.Tensor, "groups batch *shape"]:
        """The rows from position ``low`` to ``high`` of every group (a view where they lie in order, at equal distances)."""
        return self._read(self.index[:, low:high]) if self.view is None else self.view[:, low:high]

    def _batches(self, index: Int[torch.Tensor, "groups n"], size: int) -> Iterator[torch.Tensor]:
        at_once = size * max(1, GATHERED_NUMBERS // (len(index) * size * self.table[0].numel()))
        for part in index.split(at_once, dim=1):
            yield from self._read(part).split(size, dim=1)

    def _read(self, index: Int[torch.Tensor, "*order"]) -> Shaped[torch.Tensor, "..."]:
        return self.table.index_select(0, index.flatten()).view(*index.shape, *self.table.shape[1:])


def _view(table: torch.Tensor, index: Int[torch.Tensor, "groups n"]) -> Shaped[torch.Tensor, "groups n *shape"] | None:
    """The rows of all groups without a copy, if they lie in order and all groups are equally far apart."""
    (groups, n), (first, second) = index.shape, (int(index[group, 0]) for group in (0, min(1, len(index) - 1)))
    distance = second - first
    if distance < 0 or not torch.equal(index, first + torch.arange(groups).unsqueeze(1) * distance + torch.arange(n)):
        return None
    row, *others = table.stride()
    return table[first:].as_strided((groups, n, *table.shape[1:]), (distance * row, row, *others))


class StackedData:
    """Inputs and targets of every split for a stack of runs.

    Runs with equal data and seed are a group, and must stand together. Groups of one size share what they read; if their sizes
    differ, every run reads for itself.
    """

    def __init__(self, data: Sequence[Data], seeds: Sequence[int], device: torch.device):
        self.runs = len(seeds)
        self.device = device
        first = data[0]
        self.sizes = {split: len(first.rows[split]) for split in ("train", "val", "test") if split in first.rows}
        self.classes, self.outputs, self.features = first.classes, first.outputs, first.inputs.shape[1]
        inputs, targets = _Pool([d.inputs for d in data], device), _Pool([d.targets for d in data], device)
        self.inputs = {split: inputs.rows([d.rows[split] for d in data]) for split in self.sizes}
        self.targets = {split: targets.rows([d.rows[split] for d in data]) for split in self.sizes}
        self._affine = _affine(data, device, first.inputs.dtype)
        self.units = None if first.unit is None else torch.tensor([d.unit for d in data], dtype=torch.float64, device=device)
        """What a difference of 1 between every run's scaled targets is in their own unit; None where they are not scaled."""

        leaders = group_leaders(list(zip(map(id, data), seeds, strict=True)))
        train = [d.rows["train"] for d in data]
        self.seeds = [seeds[run] for run in leaders]
        """The seed of every group of runs that share data, batches and draws."""
        self._train = inputs.rows(train, leaders), targets.rows(train, leaders)
        self._order_keys = rng.keys(self.seeds, "order", device=device)
        self._coming: tuple[int, int, Iterator[Batches]] = 0, 0, iter(())
        """The next epoch, the size of its batches, and the batches from there on."""

    def batches(self, epoch: int, batch_size: int | None) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """The shuffled mini-batches of an epoch: inputs (groups, batch, features), targets (runs, batch, ...)."""
        size = batch_size or self.sizes["train"]
        following, its_size, coming = self._coming
        if (following, its_size) != (epoch, size):
            coming = self._epochs(epoch, size)
        self._coming = epoch + 1, size, coming
        for x, y in zip(*next(coming), strict=True):
            yield self._scaled(x), y

    def _epochs(self, first: int, size: int) -> Iterator[Batches]:
        """Epoch after epoch, without end; the orders of small ones are drawn for many at once."""
        count = self.sizes["train"]
        at_once = max(1, min(64, GATHERED_NUMBERS // (64 * count)))
        for start in itertools.count(first, at_once):
            orders = rng.orders(self._order_keys, range(start, start + at_once), count)
            inputs, targets = self._train
            yield from zip(inputs.epochs(orders, size, len(self.seeds)), targets.epochs(orders, size, self.runs), strict=True)

    def chunks(self, split: str) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """A whole split in order, for evaluation."""
        for low in range(0, self.sizes[split], EVALUATION_ROWS):
            high = min(low + EVALUATION_ROWS, self.sizes[split])
            yield self._scaled(self.inputs[split].slice(low, high)), spread(self.targets[split].slice(low, high), self.runs)

    def _scaled(self, x: torch.Tensor) -> torch.Tensor:
        if self._affine is None:
            return x
        center, scale = self._affine
        return (spread(x, self.runs) - center) / scale


def group_leaders(identity: Sequence[Hashable]) -> list[int]:
    """The first run of each group of equal neighbours if all groups have one size, else every run."""
    leaders = [run for run in range(len(identity)) if run == 0 or identity[run] != identity[run - 1]]
    sizes = {b - a for a, b in zip(leaders, [*leaders[1:], len(identity)], strict=True)}
    return leaders if len(sizes) == 1 else list(range(len(identity)))


class _Pool:
    """All distinct tables as one, and where each run's begins."""

    def __init__(self, tables: Sequence[torch.Tensor], device: torch.device):
        distinct = {id(table): table for table in tables}
        starts, end = {}, 0
        for name, table in distinct.items():
            starts[name] = end
            end += len(table)
        self.starts = [starts[id(table)] for table in tables]
        one = len(distinct) == 1
        self.table = (tables[0] if one else torch.cat(list(distinct.values()))).to(device)

    def rows(self, index: Sequence[torch.Tensor], leaders: Sequence[int] | None = None) -> Rows:
        """Each run's rows of its own table; runs that read the same share them, unless ``leaders`` says who shares."""
        if leaders is None:
            contents = {id(rows): _content(rows) for rows in {id(rows): rows for rows in index}.values()}
            leaders = group_leaders([(start, contents[id(rows)]) for start, rows in zip(self.starts, index, strict=True)])
        return Rows(self.table, torch.stack([index[run] + self.starts[run] for run in leaders]))


def _content(rows: torch.Tensor) -> int:
    return hash(rows.numpy().tobytes())


def _affine(data: Sequence[Data], device: torch.device, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Center and scale of every run's inputs, (runs, 1, 1); None where none has any."""
    if all(d.center == 0 and d.scale == 1 for d in data):
        return None
    columns = [[d.center for d in data], [d.scale for d in data]]
    center, scale = torch.tensor(columns, dtype=dtype, device=device)[..., None, None]
    return center, scale
