"""What a search leaves beside its runs, and what it prints at its end."""

from __future__ import annotations

from collections.abc import Sequence

from regexp.comparing import compare
from regexp.comparison.figures import write as write_figures
from regexp.comparison.reading import OUTPUT
from regexp.config.planning import Plan
from regexp.naming import quoted
from regexp.search import report
from regexp.search.figure import performance
from regexp.search.outcomes import Searched
from regexp.search.searching import alone

AT = "best"
"""Settings are chosen by the best epoch, which is what a run returns, and so they are compared."""


def answer(found: Sequence[Searched], plan: Plan) -> str:
    """Write ``search.csv``, ``search.png``, ``search.svg`` and, unless ``compare=false``, the comparison of the fresh runs; the
    same in words.
    """
    assert plan.search is not None
    with alone(plan.folder):
        report.write(found, plan.folder / "search.csv")
        write_figures({"search": performance(found)}, plan.folder)
    notes = [f"note: {text}" for text in report.remarks(found, plan.search.options.budget, plan.composer)]
    return "\n".join(["", report.table(found), *notes, *(_comparison(found[0].test_metric, plan) if plan.compare else [])])


def _comparison(metric: str, plan: Plan) -> list[str]:
    try:
        compared = compare(plan.folder, metric=metric, at=AT)
        with alone(plan.folder):
            compared.write(plan.folder / OUTPUT)
        words = str(compared)
    except ValueError as error:
        words = str(error)
    again = ["regexp-compare", str(plan.folder), *([] if metric == "test/loss" else ["--metric", metric]), "--at", AT]
    where = f"{' '.join(map(quoted, again))} compares them again; pictures and tables are in {plan.folder}"
    return ["", "The chosen settings, trained with fresh seeds:", words, "", where]
