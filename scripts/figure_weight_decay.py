"""The README's first picture: ``python scripts/figure_weight_decay.py`` writes ``reports/first_look/``.

Left, one run with and without weight decay, as d2l's chapter shows it. Right, the same recipe over 20 seeds, from the book's
initial weights N(0, 1) and from zero, beside two predictors that need no training: the constant and ridge regression.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import torch
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import regexp
from regexp import Experiment, Result
from regexp.datasets import SyntheticRegression
from regexp.models import Linear
from regexp.optim import SGD
from regexp.regularizers import WeightDecay

SEEDS, STRENGTHS = range(20), (0.0, 3.0)
METRICS = ("test/loss", "weights/l2_norm")
STARTS = {"N(0, 1)": Linear(init="normal", init_std=1.0), "zero": Linear(init="constant", init_value=0.0)}
COLORS = {("N(0, 1)", 0.0): "#D55E00", ("N(0, 1)", 3.0): "#0072B2", ("zero", 0.0): "#E69F00", ("zero", 3.0): "#56B4E9"}
FOLDER = Path(__file__).parents[1] / "reports" / "first_look"

Runs = dict[tuple[str, float], list[Result]]


def main() -> None:
    """Train 80 runs as one stack, draw them, and write the numbers down."""
    runs, baselines = train(), {"constant": over_seeds(constant), "ridge": over_seeds(ridge)}
    FOLDER.mkdir(parents=True, exist_ok=True)
    draw(runs, baselines, FOLDER / "weight_decay.png")
    numbers = {
        f"start {start}, strength {strength:g}": {
            metric: spread(final(r, metric)) for metric in ("test/loss", "weights/l2_norm")
        }
        for (start, strength), r in runs.items()
    }
    numbers |= {name: {"test/loss": spread(losses)} for name, losses in baselines.items()}
    machine = {**next(iter(runs.values()))[0].machine, "command": "python scripts/figure_weight_decay.py"}
    about = {"seeds": len(SEEDS), **machine, "results": numbers}
    text = json.dumps(about, indent=2)
    (FOLDER / "weight_decay.json").write_text(text + "\n", encoding="utf-8")
    print(text)


def train() -> Runs:
    """d2l's weight decay recipe for every seed, strength and start."""
    base = Experiment(SyntheticRegression(val_size=0), STARTS["zero"], SGD(0.003), epochs=100, batch_size=5)
    keys = [(start, strength, seed) for start in STARTS for strength in STRENGTHS for seed in SEEDS]
    stack = [replace(base, model=STARTS[a], regularizers=(WeightDecay(s),), seed=seed) for a, s, seed in keys]
    runs: Runs = {}
    for (start, strength, _), result in zip(keys, regexp.fit(stack), strict=True):
        runs.setdefault((start, strength), []).append(result)
    return runs


def constant(x: torch.Tensor, y: torch.Tensor, x_test: torch.Tensor) -> torch.Tensor:
    """The mean of the training targets."""
    return y.mean().expand(len(x_test))


def ridge(x: torch.Tensor, y: torch.Tensor, x_test: torch.Tensor, strength: float = 3.0) -> torch.Tensor:
    """``w = (X'X + n strength I)^-1 X'y`` on centred data, with a free intercept."""
    xc, yc = x - x.mean(0), y - y.mean()
    w = torch.linalg.solve(xc.T @ xc + len(x) * strength * torch.eye(x.shape[1], dtype=x.dtype), xc.T @ yc)
    return y.mean() + (x_test - x.mean(0)) @ w


def over_seeds(predict: object) -> list[float]:
    """The test loss of a predictor on every seed's data."""
    found = []
    for seed in SEEDS:
        data = SyntheticRegression(val_size=0).load(seed, torch.float64)
        (x, y), (x_test, y_test) = ((data.inputs[r], data.targets[r, 0]) for r in (data.rows["train"], data.rows["test"]))
        found.append(0.5 * (predict(x, y, x_test) - y_test).square().mean().item())
    return found


def draw(runs: Runs, baselines: dict[str, list[float]], path: Path) -> None:
    """Two panels."""
    figure = Figure(figsize=(11, 4.4), dpi=140, layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(1, 1.25))
    draw_book(left, runs)
    draw_answer(right, runs, baselines)
    figure.savefig(path)


def draw_book(axes: Axes, runs: Runs) -> None:
    """One seed, as the book shows it."""
    for strength, color in ((0.0, COLORS["N(0, 1)", 0.0]), (3.0, COLORS["N(0, 1)", 3.0])):
        rows = runs["N(0, 1)", strength][0].rows
        for metric, style in (("train/loss", "--"), ("test/loss", "-")):
            label = f"{metric.split('/')[0]}, weight decay {strength:g}"
            axes.plot([row["epoch"] for row in rows], [row[metric] for row in rows], style, color=color, label=label)
    axes.set(yscale="log", xlabel="epoch", ylabel="half mean squared error", title="The book's picture: one run")
    axes.legend(frameon=False, fontsize=8)
    axes.grid(alpha=0.25)


def draw_answer(axes: Axes, runs: Runs, baselines: dict[str, list[float]]) -> None:
    """Mean test loss over the seeds, with the range that holds 90 % of them; below, the lowest part enlarged."""
    below = axes.inset_axes((0.4, 0.08, 0.57, 0.28))
    for panel in (axes, below):
        for (start, strength), results in runs.items():
            draw_mean(panel, results, COLORS[start, strength], f"start {start}, weight decay {strength:g}")
        for (name, losses), style in zip(baselines.items(), (":", "-."), strict=True):
            mean = sum(losses) / len(losses)
            label = {"constant": "predict the training mean", "ridge": "exact ridge, strength 3"}[name]
            panel.axhline(mean, color="black", linestyle=style, linewidth=1, label=f"{label}: {mean:.4f}")
        panel.grid(alpha=0.25)
    below.set(ylim=(0.0085, 0.0118), xlim=(0, 100), title="the lowest part, enlarged; means")
    below.title.set_fontsize(8)
    below.tick_params(labelsize=7)
    axes.set(yscale="log", xlabel="epoch", title=f"The answer: test loss, {len(SEEDS)} seeds, mean and 90 % of runs")
    axes.legend(frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0.02, 0.46))


def draw_mean(axes: Axes, results: list[Result], color: str, label: str) -> None:
    """The mean over seeds as a line, and on a logarithmic axis the range of 90 % of the runs."""
    losses = torch.tensor([[row["test/loss"] for row in result.rows] for result in results])
    epochs = [row["epoch"] for row in results[0].rows]
    axes.plot(epochs, losses.mean(0), color=color, label=label)
    if axes.get_subplotspec():
        low, high = losses.quantile(torch.tensor([0.05, 0.95]), dim=0)
        axes.fill_between(epochs, low, high, color=color, alpha=0.2, linewidth=0)


def final(results: list[Result], metric: str) -> list[float]:
    """A metric of the weights that each run ends with."""
    return [result.final[metric] for result in results]


def spread(losses: list[float]) -> dict[str, float]:
    """Mean and standard deviation over seeds."""
    values = torch.tensor(losses, dtype=torch.float64)
    return {"mean": values.mean().item(), "std": values.std().item()}


if __name__ == "__main__":
    main()
