"""How much a small change of a picture changes what a network says of it."""

from __future__ import annotations

import regexp
from regexp.comparison.reading import Run
from regexp.diagnostics import accuracy, examples, input_gradient_norm, noise_accuracy

QUANTITIES = ("gradient", "noisy", "clean", "lost")
NONNEGATIVE = ("gradient", "noisy", "clean")

IMAGES = 1000


def of_run(run: Run, std: float) -> dict[str, float]:
    """``gradient``: the norm of the loss's gradient with respect to the input, the mean over test images. ``noisy``: the
    accuracy on test images with Gaussian noise of this standard deviation, in units of the normalised pixels; ``clean``: that
    on the same images without it. ``lost``: what the noise costs.
    """
    found = regexp.load(run.folder)
    inputs, targets = examples(found, "test", IMAGES)
    noisy, clean = noise_accuracy(found, inputs, targets, std, repeats=4), accuracy(found, inputs, targets)
    gradient = input_gradient_norm(found, inputs, targets)
    return {"gradient": gradient, "noisy": noisy, "clean": clean, "lost": clean - noisy}
