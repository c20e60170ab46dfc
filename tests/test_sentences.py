"""Sentences of protocols: no number that was measured is typed into them, and the paragraph that they make is short."""

from __future__ import annotations

import dataclasses
import inspect
import math
import re

import pytest

from regexp.textbook import diagnostics
from regexp.textbook.judging import Judgement
from regexp.textbook.paragraph import besides, paragraph
from regexp.textbook.reading import read_all
from regexp.train import config_folder

PROTOCOLS = read_all(config_folder() / "reproduce")
NUMBER = re.compile(r"(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?(?:e-?\d+)?")
DERIVED = {
    ("activations", "vanished"): {28 * 28},
    ("co_adaptation", "deletion"): {256 + 128},
    ("identities", "sampled"): {2**8},
    ("initialisation", "shallow"): {28 * 28},
    ("l1_network", "left"): {784 * 64 + 64 * 10},
    ("l1_sparsity", "not_small"): {0.25 * 0.05},
    ("weight_decay", "outside"): {0.003 * 3, 100 * 20 / 5},
    ("which_regularizer", "chosen"): {3},
}
"""What sentences say of a recipe and its files do not: computed here from what they do say."""
FORMULAS = {0, 1, 2}


def numbers(text):
    return {float(found.replace(",", "")) for found in NUMBER.findall(str(text).replace("_", " "))}


def typed_by_hand(protocol, claim):
    """Numbers in the claim's sentences that are none of its own, nor of the sweep, its recipes and its diagnostics."""
    own = [claim.target, claim.margin, claim.tolerance, claim.band, claim.band_seeds, claim.value.text, claim.published]
    own = numbers([*own, claim.printed, protocol.arguments]) | {
        claim.target - (claim.margin or 0),
        claim.target + (claim.margin or 0),
    }
    recipes = {
        name for tier in protocol.tiers for line in protocol.lines(tier) for name in re.findall(r"experiment=(\w+)", line)
    }
    texts = [(config_folder() / "experiment" / f"{name}.yaml").read_text(encoding="utf-8") for name in recipes]
    texts += [inspect.getsource(diagnostics.find(term.diagnostic[0])) for term in claim.value.terms if term.diagnostic]
    others = numbers([protocol.sweep, protocol.tiers, protocol.settings, texts]) | DERIVED.get(
        (protocol.name, claim.name), set()
    )
    known = [*own, *others, *FORMULAS, *(scale * number for number in own for scale in (100, 0.01))]  # per cent, and points
    texts = [claim.says, claim.besides, claim.holds, claim.fails, claim.undecided, claim.below]
    typed = numbers([re.sub(r"\{\w+\}", "", text or "") for text in texts])
    return [number for number in typed if not any(math.isclose(number, one, rel_tol=1e-9) for one in known)]


@pytest.mark.parametrize("name", PROTOCOLS)
def test_no_sentence_holds_a_number_that_was_measured(name):
    found = {claim.name: strange for claim in PROTOCOLS[name].claims if (strange := typed_by_hand(PROTOCOLS[name], claim))}
    assert not found, "write {value}, {margin}, {target} or {published}, or derive the number above"


def test_a_measured_number_in_a_sentence_is_found():
    protocol = PROTOCOLS["weight_decay"]
    claim = dataclasses.replace(protocol.claims[0], holds="The loss is 86.47 [{value}] at strength 3.")
    assert typed_by_hand(protocol, claim) == [86.47]


ANSWER, ITEM = 150, 120
"""Words of the paragraph and of an item below it, whatever the verdicts are."""


def outcomes(claim):
    """The claim in every way that it may end."""
    seen = {"values": (0.1, 0.2), "center": 0.15, "low": claim.target + 0.1, "high": claim.target + 0.2}
    if claim.kind == "shown":
        return [Judgement(claim, "shown", **seen)]
    found = [Judgement(claim, verdict, **seen) for verdict in ("holds", "does not hold", "not decided", "no verdict")]
    return [*found, Judgement(claim, "does not hold", **seen | {"low": claim.target - 0.2, "high": claim.target - 0.1})]


def longest(claim):
    """The claim as it ends with the most words."""
    return max(outcomes(claim), key=lambda found: len(" ".join([paragraph([found]), *besides([found]).values()]).split()))


@pytest.mark.parametrize("name", PROTOCOLS)
def test_the_paragraph_is_short_and_so_is_what_stands_below_it(name):
    found = [longest(claim) for claim in PROTOCOLS[name].claims]
    assert 0 < len(paragraph(found).split()) <= ANSWER, "name a theme by `besides`, or say less"
    assert {theme: n for theme, text in besides(found).items() if (n := len(text.split())) > ITEM} == {}
