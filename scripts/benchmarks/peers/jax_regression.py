"""d2l's weight decay by JAX: ``jit`` of ``vmap`` over seeds of ``vmap`` over strengths of ``scan``.

What depends on the seed alone (data, initial weights, order) is not batched by the inner ``vmap``: runs of one seed share it.

Reference: JAX's documentation, "Automatic vectorization" and ``jax.lax.scan``.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.peers.d2l import BATCH, EPOCHS, EVERY, LR, Split
from benchmarks.timing import Once

Weights = tuple[jax.Array, jax.Array]


class Sweep:
    """``first`` traces, compiles and runs; ``warm`` only runs. Both return the mean of the runs' last test losses."""

    def __init__(self, train: Sequence[Split], test: Sequence[Split], starts: Sequence[np.ndarray], strengths: Sequence[float]):
        splits = [jnp.array(np.stack([part[i] for part in split])) for split in (train, test) for i in (0, 1)]
        keys = jax.random.split(jax.random.key(0), len(train))
        self.arguments = (*splits, jnp.array(np.stack(starts)), keys, jnp.array(strengths, jnp.float32))

    def first(self) -> Once:
        jax.clear_caches()
        over_strengths = jax.vmap(one_run, in_axes=(*[None] * 6, 0))
        self.program = jax.jit(jax.vmap(over_strengths, in_axes=(*[0] * 6, None)))
        return self.warm()

    def warm(self) -> Once:
        return Once(float(jax.block_until_ready(self.program(*self.arguments))[..., -1, 1].mean()))


def one_run(x, y, x_test, y_test, start, key, strength):  # noqa: ANN001, ANN201 (arrays; jax has no shapes to write)
    """Losses of both splits and penalty after every fifth epoch."""

    def objective(weights: Weights, rows: jax.Array) -> jax.Array:
        return loss(weights, x[rows], y[rows]) + penalty(weights, strength)

    def step(weights: Weights, rows: jax.Array) -> tuple[Weights, None]:
        gradients = jax.grad(objective)(weights, rows)
        return jax.tree.map(lambda w, g: w - LR * g, weights, gradients), None

    def epoch(weights: Weights, key: jax.Array) -> tuple[Weights, None]:
        return jax.lax.scan(step, weights, jax.random.permutation(key, len(x)).reshape(-1, BATCH))

    def several(weights: Weights, keys: jax.Array) -> tuple[Weights, jax.Array]:
        weights, _ = jax.lax.scan(epoch, weights, keys)
        return weights, jnp.stack([loss(weights, x, y), loss(weights, x_test, y_test), penalty(weights, strength)])

    keys = jax.random.split(key, EPOCHS).reshape(-1, EVERY)
    return jax.lax.scan(several, (start, jnp.zeros(1)), keys)[1]


def loss(weights: Weights, x: jax.Array, y: jax.Array) -> jax.Array:
    w, b = weights
    return 0.5 * ((x @ w + b - y) ** 2).mean()


def penalty(weights: Weights, strength: jax.Array) -> jax.Array:
    return 0.5 * strength * (weights[0] ** 2).sum()
