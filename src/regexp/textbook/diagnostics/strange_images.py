"""Whether the entropy of a prediction tells images that a network was not trained for, with dropout left on and off.

Reference: Hendrycks and Gimpel, "A baseline for detecting misclassified and out-of-distribution examples in neural networks",
2017 (the area under the ROC curve); Houlsby et al., "Bayesian active learning for classification and preference learning", 2011
(mutual information).
"""

from __future__ import annotations

import math
from typing import Any

import regexp
from regexp.diagnostics import examples
from regexp.prediction import Prediction
from regexp.results import Result
from regexp.textbook.diagnostics.dropout_on_and_off import above
from regexp.textbook.ensembles import IMAGES, by_data, ended
from regexp.textbook.study import Study, count_diverged
from regexp.textbook.unknown import size_of, strange, turned

QUANTITIES = (
    "turned_off",
    "turned_ranking",
    "turned_spread",
    "turned_rise",
    "letters_off",
    "letters_ranking",
    "letters_spread",
    "letters_rise",
    "shuffled_off",
    "shuffled_ranking",
    "shuffled_spread",
    "shuffled_rise",
    "turned_half",
)


def of_study(study: Study, samples: int) -> dict[str, Any]:
    """Per seed of the data, of images ``turned`` by 90 degrees, printed ``letters`` and ``shuffled`` pixels, against test
    images as they are; "on" is the mean of ``samples`` predictions with dropout, "off" is without.

    ``_off``: the chance that the entropy with dropout off is higher on a strange image than on one as it is (0.5 says nothing);
    ``_ranking``: that with dropout on minus that; ``_spread``: that of the mutual information of prediction and network minus
    that. No scale of the entropies changes them. ``_rise``: how far the mean entropy rises on strange images, on minus off, in
    nats: what makes all entropies larger, as leaving dropout on does, makes it larger, too. ``turned_half``: how far the mean
    entropy rises, on, for images turned by 45 degrees. A network that diverged says nothing: minus infinite.
    """
    found: dict[str, Any] = {name: {} for name in QUANTITIES}
    pairs = by_data(study)
    for seed, (one, _) in pairs.items():
        measured = _of_network(regexp.load(one.folder), samples) if ended([one]) else dict.fromkeys(QUANTITIES, -math.inf)
        for name, value in measured.items():
            found[name][seed] = value
    return {**found, "diverged": count_diverged({"dropout": [one for one, _ in pairs.values()]})}


def _of_network(network: Result, samples: int) -> dict[str, float]:
    image, (x, _) = size_of(network), examples(network, "test", IMAGES)
    on, off = regexp.predict(network, x, samples=samples), regexp.predict(network, x)
    found: dict[str, float] = {}
    for name, z in strange(x, image).items():
        strange_on, strange_off = regexp.predict(network, z, samples=samples), regexp.predict(network, z)
        found |= {f"{name}_{kind}": value for kind, value in _told(on, off, strange_on, strange_off).items()}
    return {**found, "turned_half": _rise(regexp.predict(network, turned(x, image, 45), samples=samples), on)}


def _told(on: Prediction, off: Prediction, strange_on: Prediction, strange_off: Prediction) -> dict[str, float]:
    plain = above(strange_off.entropy, off.entropy)
    return {
        "off": plain,
        "ranking": above(strange_on.entropy, on.entropy) - plain,
        "spread": above(strange_on.mutual_information, on.mutual_information) - plain,
        "rise": _rise(strange_on, on) - _rise(strange_off, off),
    }


def _rise(strange: Prediction, before: Prediction) -> float:
    return (strange.entropy.mean() - before.entropy.mean()).item()
