"""What a search leaves beside its runs, and what it prints at its end."""

from __future__ import annotations

from collections.abc import Sequence

from regexp.comparing import compare
from regexp.comparison.comparison import Comparison
from regexp.comparison.figures import write as write_figures
from regexp.comparison.reading import OUTPUT
from regexp.config.planning import Plan
from regexp.search import report
from regexp.search.figure import performance
from regexp.search.outcomes import Searched
from regexp.search.records import record
from regexp.search.searching import alone
from regexp.words import quoted

AT = "best"
"""Settings are chosen by the best epoch, which is what a run returns, and so they are compared."""


def answer(found: Sequence[Searched], plan: Plan) -> str:
    """Write ``search.csv``, ``search.png``, ``search.svg`` (``search-2.csv`` and so on, where another search of the study has
    these) and, unless ``compare=false``, the comparison of the fresh runs; the same in words.
    """
    assert plan.search is not None
    with alone(plan.folder):
        name = record(found, plan.folder)
        report.write(found, plan.folder / f"{name}.csv")
        write_figures({name: performance(found)}, plan.folder)
    options = plan.search.options
    compared, text = _compared(plan) if plan.compare else (None, "")
    notes = [f"note: {one}" for one in report.remarks(found, options.budget, plan.composer, compared)]
    where = f"regexp-compare {quoted(str(plan.folder))} compares them again; pictures and tables are in {plan.folder}"
    words = ["The chosen settings, trained with fresh seeds:", text, "", where] if plan.compare else []
    return "\n".join(["", report.table(found), *notes, "", *words])


def _compared(plan: Plan) -> tuple[Comparison | None, str]:
    """The comparison of the fresh runs, written to the folder, and in words; None where they cannot be compared."""
    try:
        compared = compare(plan.folder, at=AT)
        with alone(plan.folder):
            compared.write(plan.folder / OUTPUT)
        return compared, str(compared)
    except ValueError as error:
        return None, str(error)
