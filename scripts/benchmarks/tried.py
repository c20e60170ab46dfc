"""What was tried for speed, in words: what came of it, and what regexp does for that reason."""

from __future__ import annotations

import math
import statistics

from benchmarks.found import Found
from benchmarks.work import Row
from benchmarks.works import options

WORTH = 20
"""Per cent of a long sweep's time that a compiler would be worth."""


def sentences(found: Found) -> list[str]:
    """All of them; an empty one for what was not measured."""
    return [trial(found) for trial in (threads, denormals, memory, compiled, graphs, mixed)]


def threads(found: Found) -> str:
    """Why a sweep takes one thread."""
    rows = found.rows(options.THREADS)
    if not rows:
        return ""
    times = ", ".join(f"{row.median:.3g} times as long ({what})" for what, row in rows.items())
    best = 1 / min(row.median for what, row in rows.items() if what.startswith("W2"))
    end = "so a sweep takes one thread" if best < 1.5 else "so a second thread would pay in a sweep"
    wide = next((row for row in found.measured if row.what == "regexp, engine=joblib / regexp"), None)
    more = f" (W3 by engine=joblib: {1 / wide.median:.2g} times as fast)" if wide else ""
    gain = f"at most {best:.2g} times as fast" if best > 1.05 else "no faster"
    text = f"Threads: two instead of one take {times}. Tiny work gets {gain} by a second one"
    return f"{text}, {end}, and other cores train other stacks{more}."


def denormals(found: Found) -> str:
    """Why training writes zeros for them."""
    shares, rows = found.rows(options.DENORMAL), found.rows(options.DENORMALS_KEPT)
    texts = [
        f"in {what}, {shares[what].median:.0f} % of Adam's means are denormal if they are kept, and it takes {row.median:.3g} "
        "times as long as with zeros in their place"
        for what, row in rows.items()
    ]
    if not texts:
        return ""
    dear = max(row.median for row in rows.values()) > 1.02
    end = "so training writes zeros" if dear else "so on this processor zeros save nothing; training writes them for others"
    return f"Denormal numbers: {'; '.join(texts)}; {end}."


def memory(found: Found) -> str:
    """Why a process keeps what its steps free."""
    rows, peaks = found.rows(options.GIVEN_BACK), found.rows(options.PEAK)
    if not rows:
        return ""
    times = ", ".join(
        f"{row.median:.3g} times as long ({what}, which adds {peaks[what].median:.3g} times as much memory where it is kept)"
        for what, row in rows.items()
    )
    dear = max(row.median for row in rows.values()) > 1.02
    end = "so training keeps it" if dear else "so here training keeps it for nothing"
    return f"Memory that a step frees: given back to the system, whose pages the next step needs anew: {times}; {end}."


def compiled(found: Found) -> str:
    """After how many calls torch.compile would have paid for itself."""
    first, rows, texts = found.rows(options.FIRST), found.rows(options.COMPILED), []
    for what, row in rows.items():
        once = statistics.median(found.seconds("options", f"{what}: {options.COMPILED}: as it is"))
        calls = break_even(first[what], once, row)
        pays = f"pays after {calls:,.0f} calls" if calls < math.inf else "never pays"
        warm = "{:.3g} ({:.3g} to {:.3g})".format(row.median, *row.span)
        texts.append(f"{what} {first[what].figure} at the first call, then {warm} of {once:.3g} s, which {pays}")
    if not texts:
        return ""
    saved = 100 * max(0.0, 1 - min(max(row.span) for row in rows.values()))
    end = "compiling would pay in long sweeps" if saved > WORTH else "regexp compiles nothing"
    said = f"torch.compile, for each shape of a stack anew: {'; '.join(texts)}."
    return f"{said} It saves {saved:.0f} % of a long sweep for certain, so {end}."


def break_even(first: Row, once: float, row: Row) -> float:
    """How many calls save what the first one cost; infinite where not all turns save anything."""
    saved = once * (1 - row.median) if max(row.span) < 1 else 0
    return math.ceil(first.median / saved) if saved > 0 else math.inf


def graphs(found: Found) -> str:
    """Why there is none."""
    by_hand = next((row for row in found.measured if row.what.endswith("/ hand-captured CUDA graph")), None)
    if by_hand:
        return f"CUDA graphs: regexp captures none, and takes {by_hand.median:.3g} times as long as one captured by hand (W6)."
    here = f"W6 was not measured on {found.cuda}" if found.cuda else "there is no CUDA device here to measure one on"
    return (
        f"CUDA graphs: regexp captures none, and {here}. They save launches of kernels, which a processor does not have; what "
        "launches would cost on a device is counted in scale.md."
    )


def mixed(found: Found) -> str:
    """What bfloat16 gains, and what it changes."""
    rows = found.rows(options.MIXED)
    if not rows:
        return ""
    times = ", ".join(f"{row.median:.2g} of the time of float32 ({what})" for what, row in rows.items())
    changes = "".join(
        f"; it changes test accuracy by {row.median:.2g} points ({row.span[0]:.2g} to {row.span[1]:.2g}; {what})"
        for what, row in found.rows(options.ACCURACY).items()
    )
    end = "an option, since runs of two types do not compare" if min(r.median for r in rows.values()) < 1 else "no gain here"
    return f"dtype=mixed_bfloat16: {times}{changes}. It is {end}."
