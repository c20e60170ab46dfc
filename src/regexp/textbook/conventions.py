"""How books and libraries write the strength of a regularizer, each against ours.

A convention is an objective ``c * (our data loss) + penalty``. Ours is ``data loss + strength / 2 * sum W^2`` for L2, and
``strength * sum |W|`` for L1; ``c`` is 1, or ``2 / outputs`` where a library's mean squared error has no half and averages
over the outputs of an example.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

LOSSES = ("mse", "half_mse", "cross_entropy")


class Inconvertible(ValueError):
    """There is no equivalent. The message says why."""


@dataclasses.dataclass(frozen=True)
class Facts:
    """What a conversion may need to know of the problem."""

    loss: str
    n: int | None = None
    batch_size: int | None = None
    outputs: int = 1
    lr: float | None = None
    l1_ratio: float | None = None

    def check(self, strength: float) -> None:
        """Raise ``ValueError`` for values that cannot be."""
        if self.loss not in LOSSES:
            raise ValueError(f"loss must be one of {', '.join(LOSSES)}, got {self.loss!r}")
        if not (math.isfinite(strength) and strength >= 0):
            raise ValueError(f"the strength must be a finite number >= 0, got {strength!r}")
        for name in ("n", "batch_size", "outputs", "lr", "l1_ratio"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name} must be > 0, got {value!r}")

    def need(self, name: str) -> float:
        """A fact that this conversion cannot do without."""
        value = getattr(self, name)
        if value is None:
            raise ValueError(f"this conversion needs {name}: give --{name.replace('_', '-')}")
        return float(value)

    @property
    def scale(self) -> float:
        """How many times our data loss the library's own is."""
        return 2 / self.outputs if self.loss == "mse" else 1.0


Factor = Callable[[Facts], float]


@dataclasses.dataclass(frozen=True)
class Convention:
    """``ours = factor * theirs``; of dropout ``1 - theirs`` where a rate is that of keeping; of ``C`` its inverse."""

    family: str
    """L2, L1, dropout or decoupled: only within one there are equivalents."""
    written: str
    factor: Factor = lambda facts: 1.0
    remarks: tuple[str, ...] = ()
    symbol: str = "lambda"
    shape: str = "linear"
    """linear, inverse (ours = factor / theirs) or keep (ours = 1 - theirs)."""

    def to_ours(self, strength: float, facts: Facts) -> float:
        """Our strength for theirs."""
        return self._apply(strength, self.factor(facts))

    def from_ours(self, strength: float, facts: Facts) -> float:
        """Their strength for ours."""
        factor = self.factor(facts)
        return self._apply(strength, factor if self.shape == "inverse" else 1 / factor)

    def override(self, strength: float) -> str:
        """What to type for our strength."""
        name, field = {"L2": ("l2", "strength"), "L1": ("l1", "strength"), "dropout": ("dropout", "rate")}.get(
            self.family, ("weight_decay", "strength")
        )
        return f"regularizer={name} regularizer.{name}.{field}={strength!r}"

    def _apply(self, strength: float, factor: float) -> float:
        if self.shape == "keep":
            if strength > 1:
                raise ValueError(f"a probability must be in [0, 1], got {strength!r}")
            return 1 - strength
        if self.shape == "inverse":
            if strength == 0:
                raise Inconvertible("strength 0 is an infinite C")
            return factor / strength
        return factor * strength


def _per(name: str, over: float = 1.0) -> Factor:
    return lambda facts: over / facts.need(name)


def _regression_only(facts: Facts) -> float:
    if facts.loss == "cross_entropy":
        raise ValueError("this is a regression of squared errors: give --loss mse")
    return 1.0


def _ridge(facts: Facts) -> float:
    return _regression_only(facts) / facts.need("n")


def _classification(facts: Facts) -> float:
    if facts.loss != "cross_entropy":
        raise ValueError("this is a classifier: give --loss cross_entropy")
    return 1 / facts.need("n")


def _nielsen_batches(facts: Facts) -> float:
    return facts.need("batch_size") / facts.need("n")


_SHORT = "exact where the batch divides n: the short last batch weighs more"
_BIAS = "biases are decayed too: add regularizer.l2.biases=true"
_BIAS_DECOUPLED = "biases are decayed too: add regularizer.weight_decay.biases=true"
_SUBGRADIENT = "its subgradient never gives exact zeros; ours (l1) does"
_NO_HALF = "its squared error has no half: its learning rate acts like twice ours"
_DOCUMENTED = "its documentation says sample size, its code divides by the batch"
_SUMMED = "its cost sums over sigmoid outputs: loss=binary_cross_entropy here"
_LAST = _SHORT + ", it is divided by the nominal size"

CONVENTIONS = {
    "regexp": Convention("L2", "mean loss (half squared) + strength/2 sum W^2", symbol="strength"),
    "regexp_l1": Convention("L1", "mean loss (half squared) + strength sum |W|", symbol="strength"),
    "d2l": Convention("L2", "sum of (1/2 (yhat - y)^2 + lambda/2 sum w^2) / batch", remarks=(_LAST,)),
    "d2l_concise": Convention("L2", "nn.MSELoss + weight_decay lambda", lambda f: f.outputs / 2, (_NO_HALF,)),
    "d2l_2019": Convention("L2", "lambda/2 sum w^2 in the code", remarks=("its text says lambda/(2n), its code this",)),
    "nielsen": Convention("L2", "mean cost + lambda/(2n) sum w^2", _per("n"), (_SUMMED,)),
    "nielsen_l1": Convention("L1", "mean cost + lambda/n sum |w|", _per("n"), (_SUMMED, _SUBGRADIENT)),
    "nielsen_network3": Convention("L2", "mean cost + lambda/2 sum w^2 / number of batches", _nielsen_batches),
    "ng": Convention("L2", "mean cost + lambda/(2m) sum w^2, m examples", _per("n")),
    "plain": Convention("L2", "mean loss + lambda sum w^2, no half", lambda f: 2 / f.scale),
    "keras": Convention("L2", "loss + l sum w^2 (regularizers.L2(l))", lambda f: 2 / f.scale),
    "keras_l1": Convention("L1", "loss + l sum |w| (regularizers.L1(l))", lambda f: 1 / f.scale, (_SUBGRADIENT,)),
    "sklearn_ridge": Convention("L2", "|y - Xw|^2 + alpha |w|^2", _ridge, symbol="alpha"),
    "sklearn_lasso": Convention("L1", "1/(2n) |y - Xw|^2 + alpha |w|_1", _regression_only, symbol="alpha"),
    "sklearn_elastic_net_l1": Convention(
        "L1", "ElasticNet's alpha, for its L1 part", lambda f: f.need("l1_ratio"), symbol="alpha"
    ),
    "sklearn_elastic_net_l2": Convention(
        "L2", "ElasticNet's alpha, for its L2 part", lambda f: 1 - f.need("l1_ratio"), symbol="alpha"
    ),
    "sklearn_logistic": Convention("L2", "C * sum of losses + 1/2 |w|^2", _classification, symbol="C", shape="inverse"),
    "sklearn_mlp": Convention(
        "L2", "mean loss + alpha/(2 batch) sum W^2 (sgd, adam)", _per("batch_size"), (_SHORT, _DOCUMENTED), "alpha"
    ),
    "sklearn_mlp_lbfgs": Convention("L2", "mean loss + alpha/(2n) sum W^2 (lbfgs)", _per("n"), (), "alpha"),
    "torch_sgd": Convention("L2", "g += weight_decay * p", lambda f: 1 / f.scale, (_BIAS,), "weight_decay"),
    "torch_adam": Convention(
        "L2", "g += weight_decay * p (Adam: not decoupled)", lambda f: 1 / f.scale, (_BIAS,), "weight_decay"
    ),
    "ridge_sum": Convention("L2", "|Xb - y|^2 + lambda |b|^2 (Krogh and Hertz; Nakkiran)", _ridge),
    "torch_adamw": Convention("decoupled", "p -= lr * weight_decay * p", remarks=(_BIAS_DECOUPLED,), symbol="weight_decay"),
    "composer_adamw": Convention("decoupled", "p -= lr/lr0 * weight_decay * p", _per("lr"), symbol="weight_decay"),
    "torch_dropout": Convention("dropout", "p is the probability of dropping (torch, d2l, Nielsen)", symbol="p"),
    "srivastava_dropout": Convention("dropout", "p is the probability of keeping (Srivastava, Ng)", symbol="p", shape="keep"),
}
"""By name. L2 and L1 touch weights only, unless a remark says otherwise."""
