"""A sweep of networks by JAX: ``jit`` of ``vmap`` over seeds of ``vmap`` over strengths, an epoch as one ``scan``.

The runs of one seed share batches and initial weights. ``python -m benchmarks.peers.jax_networks FOLDER IMAGES EPOCHS SEEDS
KEY STRENGTH ...`` prints each seed's mean test loss after every epoch. Adam and decoupled decay as in AdamW.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

WIDTHS, BATCH, CHUNK = (784, 256, 128, 10), 128, 500
LR, BETA1, BETA2, EPS = 1e-3, 0.9, 0.999, 1e-8


def main() -> None:
    root, (count, epochs, seeds, key), strengths = sys.argv[1], map(int, sys.argv[2:6]), jnp.array([*map(float, sys.argv[6:])])
    train, test = read(root, "train", count), read(root, "t10k", 10_000)
    keys = jax.random.split(jax.random.key(key), seeds)
    over_strengths = jax.vmap(one_epoch, in_axes=(None, None, None, 0, 0))
    epoch = jax.jit(jax.vmap(over_strengths, in_axes=(None, None, 0, 0, None)), donate_argnums=3)
    one = jax.vmap(start)(keys)
    state = jax.tree.map(lambda leaf: jnp.repeat(leaf[:, None], len(strengths), axis=1), one)
    for number in range(epochs):
        here = jax.vmap(lambda key, number=number: jax.random.fold_in(key, number))(keys)
        state, losses = epoch(train, test, here, state, strengths)
        print(*losses[..., 1].mean(1).tolist())


def read(root: str, split: str, count: int) -> tuple[jax.Array, jax.Array]:
    """Images in [-1, 1] and labels, from the raw files."""
    raw = Path(root) / "FashionMNIST" / "raw"
    pixels = np.fromfile(raw / f"{split}-images-idx3-ubyte", np.uint8, offset=16).reshape(-1, WIDTHS[0])[:count]
    labels = np.fromfile(raw / f"{split}-labels-idx1-ubyte", np.uint8, offset=8)[:count]
    return jnp.array(pixels.astype(np.float32) / 127.5 - 1), jnp.array(labels)


def start(key: jax.Array) -> dict[str, Any]:
    """Initial weights as torch draws them, and Adam's averages."""
    layers = []
    for (inputs, outputs), own in zip(itertools.pairwise(WIDTHS), jax.random.split(key, len(WIDTHS) - 1), strict=True):
        for_weight, for_bias = jax.random.split(own)
        bound = inputs**-0.5
        weight = jax.random.uniform(for_weight, (inputs, outputs), minval=-bound, maxval=bound)
        layers.append((weight, jax.random.uniform(for_bias, (outputs,), minval=-bound, maxval=bound)))
    zeros = jax.tree.map(jnp.zeros_like, layers)
    return {"layers": layers, "mean": zeros, "square": zeros, "step": jnp.zeros(())}


def one_epoch(train: Any, test: Any, key: jax.Array, state: Any, strength: jax.Array) -> tuple[Any, jax.Array]:
    """All steps of one run, the smaller last batch included, and the mean losses of both splits behind them."""
    (x, y), order = train, jax.random.permutation(key, len(train[0]))
    whole = len(x) // BATCH * BATCH

    def step(state: Any, rows: jax.Array) -> tuple[Any, None]:
        return adam(state, jax.grad(loss)(state["layers"], x[rows], y[rows]), strength), None

    state, _ = jax.lax.scan(step, state, order[:whole].reshape(-1, BATCH))
    if whole < len(x):
        state, _ = step(state, order[whole:])
    return state, jnp.stack([evaluate(state["layers"], *split) for split in (train, test)])


def scores(layers: Any, x: jax.Array) -> jax.Array:
    *hidden, (weight, bias) = layers
    for w, b in hidden:
        x = jax.nn.relu(x @ w + b)
    return x @ weight + bias


def loss(layers: Any, x: jax.Array, y: jax.Array) -> jax.Array:
    return -jnp.take_along_axis(jax.nn.log_softmax(scores(layers, x)), y[:, None], 1).mean()


def evaluate(layers: Any, x: jax.Array, y: jax.Array) -> jax.Array:
    """The mean loss of a split whose size is a multiple of the chunk, or smaller."""
    chunk = min(CHUNK, len(x))
    count = len(x) // chunk * chunk
    chunks = x[:count].reshape(-1, chunk, x.shape[1]), y[:count].reshape(-1, chunk)
    return jax.lax.map(lambda part: loss(layers, *part), chunks).mean()


def adam(state: Any, gradients: Any, strength: jax.Array) -> Any:
    """A step of AdamW whose decay touches weights, not biases."""
    step = state["step"] + 1
    mean = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, state["mean"], gradients)
    square = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, state["square"], gradients)

    def moved(w: jax.Array, m: jax.Array, v: jax.Array) -> jax.Array:
        kept = w * (1 - LR * strength) if w.ndim == 2 else w
        return kept - LR * (m / (1 - BETA1**step)) / (jnp.sqrt(v / (1 - BETA2**step)) + EPS)

    return {"layers": jax.tree.map(moved, state["layers"], mean, square), "mean": mean, "square": square, "step": step}


if __name__ == "__main__":
    main()
