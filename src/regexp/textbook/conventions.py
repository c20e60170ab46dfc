"""How books and libraries write the strength of a regularizer: the table. Its columns are in ``convention.py``."""

from __future__ import annotations

import difflib

from regexp.textbook.convention import Convention, Facts, Term

_REGRESSION = ("mse", "half_mse")
_CLASSIFICATION = ("cross_entropy",)

_NO_HALF = Term("its penalty has no half", lambda f: 2.0)
_OWN_LOSS = Term("its mean squared error has no half and is averaged over outputs = {outputs}", lambda f: 1 / f.scale)
_MSE = Term("its mean squared error has no half and is averaged over outputs = {outputs}", lambda f: f.outputs / 2)
_PER_N = Term("its penalty is divided by n = {n}", lambda f: 1 / f.need("n"))
_PER_BATCH = Term("its penalty is divided by batch_size = {batch_size}", lambda f: 1 / f.need("batch_size"))
_PER_BATCHES = Term(
    "its penalty is divided by the number of batches, {n} / {batch_size}", lambda f: f.need("batch_size") / f.need("n")
)
_SUM = Term("its loss is summed over n = {n}", lambda f: 1 / f.need("n"))
_SQUARES = Term("its squares are summed over n = {n}, and neither they nor the penalty have a half", lambda f: 1 / f.need("n"))
_L1_SHARE = Term("of alpha l1_ratio = {l1_ratio} is L1", lambda f: f.need("l1_ratio"))
_L2_SHARE = Term("of alpha 1 - l1_ratio = 1 - {l1_ratio} is L2", lambda f: 1 - f.need("l1_ratio"))
_PER_RATE = Term("its decay is multiplied by lr / {lr}, not by lr", lambda f: 1 / f.need("lr"))

_SHORT = "exact where the batch divides n: the short last batch weighs more"
_LAST = _SHORT + ", it is divided by the nominal size"
_SUMMED = "its cost sums over sigmoid outputs; regexp has that as loss=binary_cross_entropy"
_DOCUMENTED = "its documentation says sample size, its code divides by the batch"
_NETWORK3 = (
    "chapter 6's lambda counts batch_size times as much as chapter 3's (nielsen); it starts from N(0, 1/n_out), with zeros "
    "before the softmax, and does not reshuffle"
)
_ADAM = "optimizer=adam"
_OTHER_PART = "one of two parts, both of one alpha: convert the other as {}, and use regularizer=[l1,l2]"
_CLASSIC = (
    "Srivastava multiplies weights by p at test, regexp, torch and Ng divide by p in training: his weights are 1/p times theirs"
)


def _scale(facts: Facts) -> float:
    return facts.scale


_ALL = (
    Convention("regexp", "L2", "mean loss (half squared) + strength/2 sum W^2", symbol="strength"),
    Convention("regexp_l1", "L1", "mean loss (half squared) + strength sum |W|", symbol="strength"),
    Convention("regexp_dropout", "dropout", "rate is the probability of dropping", symbol="rate"),
    Convention("d2l", "L2", "sum of (1/2 (yhat - y)^2 + lambda/2 sum w^2) / batch", remarks=(_LAST,)),
    Convention(
        "d2l_concise", "L2", "nn.MSELoss + weight_decay lambda", (_MSE,), losses=_REGRESSION, scale=lambda f: 2 / f.outputs
    ),
    Convention("d2l_2019", "L2", "lambda/2 sum w^2 in the code", remarks=("its text says lambda/(2n), its code this",)),
    Convention("nielsen", "L2", "mean cost + lambda/(2n) sum w^2", (_PER_N,), (_SUMMED,)),
    Convention("nielsen_l1", "L1", "mean cost + lambda/n sum |w|", (_PER_N,), (_SUMMED,), subgradient=True),
    Convention("nielsen_network3", "L2", "mean cost + lambda/2 sum w^2 / number of batches", (_PER_BATCHES,), (_NETWORK3,)),
    Convention("ng", "L2", "mean cost + lambda/(2m) sum w^2, m examples", (_PER_N,)),
    Convention("plain", "L2", "mean loss + lambda sum w^2, no half", (_NO_HALF, _OWN_LOSS), scale=_scale),
    Convention("keras", "L2", "loss + l sum w^2 (regularizers.L2(l))", (_NO_HALF, _OWN_LOSS), scale=_scale),
    Convention("keras_l1", "L1", "loss + l sum |w| (regularizers.L1(l))", (_OWN_LOSS,), subgradient=True, scale=_scale),
    Convention("sklearn_ridge", "L2", "|y - Xw|^2 + alpha |w|^2", (_SQUARES,), (), "alpha", losses=_REGRESSION, scale=None),
    Convention("sklearn_lasso", "L1", "1/(2n) |y - Xw|^2 + alpha |w|_1", (), (), "alpha", losses=_REGRESSION, scale=None),
    Convention(
        "sklearn_elastic_net_l1",
        "L1",
        "ElasticNet's alpha, for its L1 part",
        (_L1_SHARE,),
        (_OTHER_PART.format("sklearn_elastic_net_l2"),),
        "alpha",
        losses=_REGRESSION,
        scale=None,
    ),
    Convention(
        "sklearn_elastic_net_l2",
        "L2",
        "ElasticNet's alpha, for its L2 part",
        (_L2_SHARE,),
        (_OTHER_PART.format("sklearn_elastic_net_l1"),),
        "alpha",
        losses=_REGRESSION,
        scale=None,
    ),
    Convention(
        "sklearn_logistic", "L2", "C * sum of losses + 1/2 |w|^2", (_SUM,), (), "C", "inverse", _CLASSIFICATION, scale=None
    ),
    Convention(
        "sklearn_mlp", "L2", "mean loss + alpha/(2 batch) sum W^2 (sgd, adam)", (_PER_BATCH,), (_SHORT, _DOCUMENTED), "alpha"
    ),
    Convention("sklearn_mlp_lbfgs", "L2", "mean loss + alpha/(2n) sum W^2 (lbfgs)", (_PER_N,), (), "alpha", scale=None),
    Convention("torch_sgd", "L2", "g += weight_decay * p", (_OWN_LOSS,), (), "weight_decay", biases=True, scale=_scale),
    Convention(
        "torch_adam",
        "L2",
        "g += weight_decay * p (Adam: not decoupled)",
        (_OWN_LOSS,),
        (),
        "weight_decay",
        biases=True,
        beside=_ADAM,
        scale=None,
    ),
    Convention(
        "ridge_sum", "L2", "|Xb - y|^2 + lambda |b|^2 (Krogh and Hertz; Nakkiran)", (_SQUARES,), losses=_REGRESSION, scale=None
    ),
    Convention("torch_adamw", "decoupled", "p -= lr * weight_decay * p", symbol="weight_decay", biases=True, beside=_ADAM),
    Convention(
        "composer_adamw",
        "decoupled",
        "p -= lr/lr0 * weight_decay * p",
        (_PER_RATE,),
        (),
        "weight_decay",
        biases=True,
        beside=f"{_ADAM} optimizer.lr={{lr}}",
    ),
    Convention("torch_dropout", "dropout", "p is the probability of dropping (torch, d2l, Nielsen)", symbol="p"),
    Convention(
        "srivastava_dropout", "dropout", "p is the probability of keeping (Srivastava, Ng)", (), (_CLASSIC,), "p", "keep"
    ),
)

CONVENTIONS = {one.name: one for one in _ALL}
"""By name. L2 and L1 touch weights only, unless ``biases`` says otherwise."""

OURS = {"L2": CONVENTIONS["regexp"], "L1": CONVENTIONS["regexp_l1"], "dropout": CONVENTIONS["regexp_dropout"]}
"""What the name ``regexp`` means beside a convention of a family."""

_ALIASES = {"adamw": "torch_adamw", "torch_optim_adamw": "torch_adamw", "decoupledadamw": "composer_adamw"}


def find(name: str) -> Convention:
    """The convention of this name, its case and its dots aside. Raises ``ValueError`` with near names for another."""
    plain = name.casefold().replace(".", "_").replace("-", "_") if isinstance(name, str) else ""
    plain = _ALIASES.get(plain, plain)
    if plain in CONVENTIONS:
        return CONVENTIONS[plain]
    near = difflib.get_close_matches(plain, CONVENTIONS, n=3)
    hint = (
        f"did you mean {' or '.join(near)}? (regexp-strength --list shows all)"
        if near
        else f"known are {', '.join(CONVENTIONS)}"
    )
    raise ValueError(f"there is no convention {name!r}: {hint}")
