"""Ridge, lasso and elastic net at the strengths that validation prefers, data set by data set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regexp.comparison.reading import Run
from regexp.textbook.study import NotMeasured, Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

METHODS = ("ridge", "lasso", "elastic_net")
TRUTHS = ("sparse", "dense", "grouped")
QUANTITIES = (
    "ridge_sparse",
    "lasso_sparse",
    "elastic_net_sparse",
    "ridge_dense",
    "lasso_dense",
    "elastic_net_dense",
    "ridge_grouped",
    "lasso_grouped",
    "elastic_net_grouped",
    "is_ridge_sparse",
    "is_ridge_dense",
    "is_ridge_grouped",
    "is_lasso_sparse",
    "is_lasso_dense",
    "is_lasso_grouped",
)

FLIERS = {"marker": ".", "markersize": 5, "markerfacecolor": "0.4", "markeredgecolor": "none"}
L1, L2 = (f"regularizer.{name}.strength" for name in ("l1", "l2"))


def of_study(study: Study) -> dict[str, dict[Any, float]]:
    """``METHOD_TRUTH``: the excess of the mean squared error on the test split over the noise, ``2 test/loss - noise**2``, for
    every seed, of the run with the lowest ``val/loss``. The settings ``sparse``, ``dense`` and ``grouped`` hold grids of both
    strengths: with L1 strength 0 the runs are ridge, with L2 strength 0 the lasso, all of them the elastic net.
    ``is_ridge_TRUTH``, ``is_lasso_TRUTH``: 1 where the elastic net that is chosen is ridge, or the lasso.
    """
    found = {}
    for truth in TRUTHS:
        runs = [run for run in study.matching(truth) if run.status == "completed"]
        for method in METHODS:
            chosen = _chosen([run for run in runs if _is(method, run)])
            found[f"{method}_{truth}"] = {seed: _excess(run) for seed, run in chosen.items()}
        for method in METHODS[:2]:
            found[f"is_{method}_{truth}"] = {seed: float(_is(method, run)) for seed, run in chosen.items()}
        if len(found[f"ridge_{truth}"]) < study.n:
            raise NotMeasured(f"{len(found[f'ridge_{truth}'])} of {study.n} seeds have runs of setting {truth}")
    return found


def settings_of(quantity: str) -> list[str]:
    """Of one truth."""
    return [truth for truth in TRUTHS if quantity.endswith(f"_{truth}")]


def _is(method: str, run: Run) -> bool:
    return method == "elastic_net" or run.fields[{"ridge": L1, "lasso": L2}[method]] == 0


def _chosen(runs: list[Run]) -> dict[Any, Run]:
    best: dict[Any, Run] = {}
    for run in runs:
        if run.seed not in best or run.value("val/loss", "final") < best[run.seed].value("val/loss", "final"):
            best[run.seed] = run
    return dict(sorted(best.items()))


def _excess(run: Run) -> float:
    return 2 * run.value("test/loss", "final") - float(run.fields["dataset.noise"]) ** 2


def draw(study: Study, title: str) -> Figure:
    """A panel per truth, a box per method, over data sets."""
    from regexp.comparison.figures.style import LINES, new_figure, tidy
    from regexp.textbook.figures.caption import counted, facts, finish

    found = study.once(("best_of_grid",), lambda: of_study(study))
    figure, panels = new_figure(10.5, 5.2, len(TRUTHS))
    for axes, truth in zip(panels, TRUTHS, strict=True):
        values = [list(found[f"{method}_{truth}"].values()) for method in METHODS]
        boxes = axes.boxplot(values, widths=0.55, patch_artist=True, medianprops={"color": "black"}, flierprops=FLIERS)
        for box, style in zip(boxes["boxes"], LINES, strict=False):
            box.set(facecolor=style["color"], alpha=0.45)
        axes.set_title(study.label(truth), fontsize=12, loc="left")
        tidy(axes, "", "test error minus noise^2" if truth == TRUTHS[0] else "")
        axes.set_xticks([1, 2, 3], [method.replace("_", "\n") for method in METHODS])
    shown = "boxes are quartiles, lines medians, whiskers at most 1.5 times the box, dots the data sets beyond them"
    below = "An excess can be below 0 where the squared noise of the test examples happens to average less than its variance"
    said = f"{counted(study.n)}, a data set each; {shown}. {below}. Strengths by validation."
    finish(figure, title, f"{said} {facts(study, study.runs)}")
    return figure
