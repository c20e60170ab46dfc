"""The table of a comparison: numbers as a pandas table, and text for a terminal, for Markdown and for LaTeX."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from regexp.comparison.findings import Findings
from regexp.comparison.labels import short
from regexp.comparison.measuring import Row
from regexp.comparison.settings import named
from regexp.comparison.statistics import Estimate
from regexp.comparison.wording import interval, number
from regexp.report import aligned

if TYPE_CHECKING:
    import pandas as pd

Cells = list[list[str]]


def frame(found: Findings) -> pd.DataFrame:
    """One row per setting in grid order, every number in a column of its own; what cannot be had is nan."""
    import pandas as pd

    return pd.DataFrame(records(found))


def records(found: Findings) -> list[dict[str, Any]]:
    """The same as plain values: every setting's numbers by the name of their column."""
    found_of = [_record(row, found) for row in found.rows]
    columns = list(dict.fromkeys(name for record in found_of for name in record))
    return [{name: record.get(name) for name in columns} for record in found_of]


def comma_separated(found: Findings) -> str:
    """The same as CSV; what cannot be had is empty."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    plain = records(found)
    writer.writerow(plain[0])
    writer.writerows([["" if v is None or v != v else v for v in record.values()] for record in plain])
    return lines.getvalue().rstrip("\n")


def cells(found: Findings, *, brief: bool = False) -> Cells:
    """The table as texts, header first. Columns that say nothing are left out: see :func:`frame` for all.

    ``brief``: of the best epochs only the mean, for a terminal.
    """
    how = found.how
    columns: list[list[str]] = [["", *(_mark(row, found) for row in found.rows)]]
    columns.append(["setting", *(row.setting.label for row in found.rows)])
    columns.append(["n", *(str(row.n) for row in found.rows)])
    if any(row.absent for row in found.rows):
        columns.append(["not counted", *(_absent(row) for row in found.rows)])
    if any(row.validation for row in found.rows) and how.objective != how.metric:
        columns.append([how.objective, *(_mean(row.validation) for row in found.rows)])
    columns += _estimates(how.metric, [row.final for row in found.rows])
    if _best_differs(found.rows):
        columns += _estimates("best epoch", [row.best for row in found.rows])[: 1 if brief else None]
    columns += _differences(found)
    return [list(line) for line in zip(*columns, strict=True)]


def terminal(table: Cells) -> str:
    """Aligned columns; ``*`` is what validation chose, ``b`` the baseline."""
    header, *rows = [[f"{line[0]:1} {line[1]}", *line[2:]] for line in table]
    return "\n".join(line.rstrip() for line in aligned([header, *rows]))


def markdown(table: Cells) -> str:
    """A table of GitHub's Markdown: the choice in bold, the baseline in italics."""
    emphasis = {"*": "**", "b": "*"}
    lines = [[f"{emphasis.get(line[0], '')}{line[1]}{emphasis.get(line[0], '')}", *line[2:]] for line in table]
    rule = [":--", *("--:" for _ in lines[0][1:])]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in (lines[0], rule, *lines[1:])
    )


def latex(table: Cells) -> str:
    """A ``tabular`` in the rules of the package booktabs: the choice in bold, the baseline in italics."""
    emphasis = {"*": r"\textbf{%s}", "b": r"\textit{%s}"}
    escaped = [[line[0], *map(_escaped, line[1:])] for line in table]
    lines = [" & ".join([emphasis.get(line[0], "%s") % line[1], *line[2:]]) + r" \\" for line in escaped]
    head = [r"% \usepackage{booktabs}", r"\begin{tabular}{l" + "r" * (len(table[0]) - 2) + "}", r"\toprule"]
    return "\n".join([*head, lines[0], r"\midrule", *lines[1:], r"\bottomrule", r"\end{tabular}"])


def _record(row: Row, found: Findings) -> dict[str, Any]:
    how, difference = found.how, row.difference
    role = {"*": "chosen", "b": "baseline"}.get(_mark(row, found), "")
    record: dict[str, Any] = {"setting": row.setting.label, "role": role}
    record |= {key: short(value) if isinstance(value, tuple) else value for key, value in row.setting.values.items()}
    record |= {"n": row.n, **{f"seeds {why}": named(seeds) for why, seeds in row.absent.items()}}
    record |= _numbers(f"{how.metric} {how.at}", row.final) | _numbers(f"{how.metric} best epoch", row.best)
    record |= _numbers(f"{how.objective} {how.at}", row.validation) if how.objective != how.metric else {}
    for name in ("mean", "low", "high", "t", "df"):
        record[f"difference {name}"] = float(getattr(difference, name)) if difference else math.nan
    record |= {"p": float(difference.p) if difference else math.nan, "p holm": row.p}
    record |= {"test": ("paired t" if difference.paired else "Welch") if difference and math.isfinite(row.p) else ""}
    record |= {"better in": row.better if difference and difference.paired else None}
    record |= {"of shared seeds": difference.n if difference and difference.paired else None}
    return record | {"median seconds per run (share of its stack, start-up included)": row.seconds}


def _numbers(name: str, found: Estimate | None) -> dict[str, float]:
    parts = ("mean", "sd", "low", "high")
    return {f"{name} {part}": float(getattr(found, part)) if found else math.nan for part in parts}


def _estimates(name: str, found: Sequence[Estimate | None]) -> Cells:
    means = [name, *(_mean(one) for one in found)]
    if all(one is None or one.n < 2 for one in found):
        return [means]
    return [
        means,
        ["sd", *(number(one.sd) if one and math.isfinite(one.sd) else "" for one in found)],
        ["95 % interval", *(interval(one) if one and math.isfinite(one.low) else "" for one in found)],
    ]


def _differences(found: Findings) -> Cells:
    """Differences to the baseline; nothing if there is nothing to compare."""
    rows = [(row, row.difference) for row in found.rows]
    if not any(difference for _, difference in rows):
        return []
    tested = [(d, d is not None and math.isfinite(row.p)) for row, d in rows]
    unpaired = any(d and real and not d.paired for d, real in tested)
    columns = [
        [f"minus {found.baseline.label}", *(number(d.mean) if d else "" for _, d in rows)],
        ["95 % interval", *(interval(d) if d and math.isfinite(d.low) else "" for _, d in rows)],
        ["p (Holm)", *(_p(row.p) for row, _ in rows)],
        ["better in", *(f"{row.better}/{d.n}" if d and d.paired else "" for row, d in rows)],
    ]
    columns = [column for column in columns if any(column[1:])]  # with single seeds there is no interval and no test
    kinds = [("paired" if d.paired else "Welch") if d and real else "" for d, real in tested]
    return columns + ([["test", *kinds]] if unpaired else [])


def _p(p: float) -> str:
    return "" if math.isnan(p) else "<0.0001" if p < 1e-4 else f"{p:.2g}"


def _mean(found: Estimate | None) -> str:
    return number(found.mean) if found else ""


def _mark(row: Row, found: Findings) -> str:
    if found.choice and row.setting is found.choice.setting:
        return "*"
    return "b" if row.setting is found.baseline else ""


def _absent(row: Row) -> str:
    return ", ".join(f"{len(seeds)} {why}" for why, seeds in row.absent.items())


def _best_differs(rows: Sequence[Row]) -> bool:
    return any(row.best is not None and (row.final is None or row.best.mean != row.final.mean) for row in rows)


def _escaped(text: str) -> str:
    return "".join(f"\\{letter}" if letter in "#$%&_{}" else letter for letter in text).replace("<", "$<$")
