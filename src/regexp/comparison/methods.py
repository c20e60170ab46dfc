"""One paragraph for a paper: what was compared, over what, and by which test."""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib.metadata import version

from regexp.comparison.findings import Findings
from regexp.comparison.reading import Run
from regexp.comparison.variation import Variation
from regexp.words import counted


def paragraph(found: Findings, between_seeds: Variation) -> str:
    """Number of runs, pairing, test, correction, versions, in full sentences."""
    how = found.how
    where = "at the end of training" if how.at == "final" else f"at the epoch with the best {how.objective}"
    differed = ", ".join(between_seeds.sources) or "nothing"
    sentences = [
        f"We compared {len(found.rows)} settings by {how.metric} {where}, with {_seeds(found)}; seeds differed in {differed}.",
        _choosing(found),
        _testing(found),
        _correcting(found),
        "All runs shared one split: tests and intervals are of the randomness of training." * between_seeds.one_split,
        "Seeds chose from one set of training examples and shared the test split: tests and intervals are given both."
        * between_seeds.one_test_split,
        "Intervals are 95 % t-intervals" + (" with that variance." if how.correction else "."),
        _leaving_out(found),
        _versions(found.runs),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _seeds(found: Findings) -> str:
    counts = sorted({row.n for row in found.rows})
    if len(counts) == 1:
        return f"{counted(counts[0], 'seed')} per setting"
    return f"{counts[0]} to {counts[-1]} seeds per setting"


def _choosing(found: Findings) -> str:
    if found.choice is None:
        return "There was no validation split, and no setting was selected."
    return f"The setting was selected by its mean {found.how.objective}; the test split took no part in the selection."


def _testing(found: Findings) -> str:
    differences = [row.difference for row in found.rows if row.difference is not None and math.isfinite(row.p)]
    kinds = {difference.paired for difference in differences}
    if not differences:
        return ""
    tests = "paired t-tests over shared seeds" if kinds == {True} else "Welch's unpaired t-tests (seeds were not shared)"
    if len(kinds) == 2:
        tests = "paired t-tests over shared seeds, and Welch's unpaired t-tests where seeds were not shared"
    count = len(differences)
    corrected = f", with Holm's (1979) correction for {count} comparisons" if count > 1 else ""
    return f"Differences to the baseline ({found.baseline.label}) were assessed by two-sided {tests}{corrected}."


def _correcting(found: Findings) -> str:
    if not found.how.correction:
        return ""
    return (
        "Because seeds re-split one finite data set, variances of means were multiplied as by Nadeau and Bengio (2003), "
        f"(1/n + {found.how.correction:.3g}) s^2 instead of s^2 / n."
    )


def _leaving_out(found: Findings) -> str:
    counts: dict[str, int] = {}
    for row in found.rows:
        for why, seeds in row.absent.items():
            counts[why] = counts.get(why, 0) + len(seeds)
    return f"Not in the means: {', '.join(f'{n} {why}' for why, n in counts.items())} (runs)." if counts else ""


def _versions(runs: Sequence[Run]) -> str:
    found: dict[str, set[str]] = {}
    for run in runs:
        for name, which in (run.summary.get("versions") or {}).items():
            found.setdefault(name, set()).add(str(which))
    trained = ", ".join(f"{name} {' and '.join(sorted(which))}" for name, which in found.items())
    compared = ", ".join(f"{name} {version(name)}" for name in ("regexp", "scipy", "numpy"))
    return (f"Runs were trained with {trained}, " if trained else "Runs were ") + f"compared with {compared}."
