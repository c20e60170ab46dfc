"""How cost grows, and what larger machines would train: what is said follows from the numbers."""

from __future__ import annotations

import dataclasses
import itertools
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from scipy.optimize import nnls
from torch.utils.flop_counter import FlopCounterMode

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from benchmarks import growing, growth, ours, pictures, plans, point, scale  # noqa: E402
from benchmarks.bends import reason  # noqa: E402
from benchmarks.costs import Costs  # noqa: E402
from benchmarks.counting import counts, cut, multiplications  # noqa: E402
from benchmarks.curve import Curve, Point  # noqa: E402
from benchmarks.fit import CONSTANT, fit  # noqa: E402
from benchmarks.report import Report  # noqa: E402
from benchmarks.sizes import QUICK  # noqa: E402
from regexp.models import MLP  # noqa: E402
from regexp.order import Order  # noqa: E402
from regexp.settings import Settings  # noqa: E402
from regexp.sweep.stacks import stacks  # noqa: E402

RUNS = (1, 4, 16, 64, 256, 1024, 4096)
WIDTHS = (784, 256, 128, 10)


def made_up(axis, values, seconds, noise=0.001, caches=None):
    """A curve with these medians."""
    points = []
    for value in values:
        strengths, seeds = point.shape(value)
        has = counts([sorted(list(range(seeds)) * strengths)], WIDTHS, copies=4, trained=5000, evaluated=15_000)
        took = seconds(has)
        turns = [took * (1 - noise), took, took * (1 + noise)]
        points.append(Point(value, turns, 600 + 4 * value, 600, has | (caches or {})))
    return Curve(axis, points)


def test_as_many_strengths_as_seeds_at_every_number_of_runs():
    for exponent in range(13):
        strengths, seeds = point.shape(2**exponent)
        assert strengths * seeds == 2**exponent
        assert strengths == (seeds if exponent % 2 == 0 else 2 * seeds)


def test_multiplications_are_those_that_torch_counts():
    network, x, y = torch.nn.Sequential(*layers()), torch.rand(32, 784), torch.randint(10, (32,))
    with FlopCounterMode(display=False) as trained:
        torch.nn.functional.cross_entropy(network(x), y).backward()
    with FlopCounterMode(display=False) as evaluated, torch.no_grad():
        network(x)
    assert trained.get_total_flops() == 2 * multiplications(WIDTHS, 32, 0)
    assert evaluated.get_total_flops() == 2 * multiplications(WIDTHS, 0, 32)


def layers():
    for inputs, outputs in itertools.pairwise(WIDTHS):
        yield from (torch.nn.Linear(inputs, outputs), torch.nn.ReLU())


def test_stacks_are_cut_as_a_sweep_cuts_them():
    base = dataclasses.replace(ours.compose("experiment=weight_decay"), model=MLP(hidden=[700, 700]))
    runs = ours.grid(base, [0.1, 1.0, 2.0], 30)
    orders = [Order(experiment, Settings(), Path(str(i)), [], "") for i, experiment in enumerate(runs)]
    parts = [[order.experiment for order in part] for part in stacks(orders, None)]
    assert len(parts) > 1
    assert cut(runs) == parts


def test_costs_are_found_again_and_none_is_below_zero():
    curve = made_up("runs of W2", RUNS, lambda has: 0.1 * has["stacks"] + 2e-3 * has["seeds"] + 3e-4 * has["runs"])
    assert growth.costs(curve).costs == pytest.approx({"stacks": 0.1, "seeds": 2e-3, "runs": 3e-4})
    said = " ".join(growth.sentences(curve))
    assert "Time is 100 ms a stack + 2 ms a seed + 300 us a run (least squares), within 0 % at every point" in said

    terms, generator = [CONSTANT, "seeds", "runs"], np.random.default_rng(0)
    for _ in range(20):
        seconds = generator.uniform(0.5, 2, len(RUNS))
        rows = np.array([[1, one.counts["seeds"], one.counts["runs"]] for one in curve.points])
        expected, _ = nnls(rows / seconds[:, None], np.ones(len(RUNS)))
        found = fit(curve.points, terms, list(seconds), relative=True)
        assert list(found.costs.values()) == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_exponents_and_bends_of_known_powers():
    curve = made_up("networks of W3", RUNS, lambda has: has["runs"] if has["runs"] <= 64 else 64 * (has["runs"] / 64) ** 2)
    assert curve.local("seconds") == pytest.approx([1, 1, 1, 2, 2, 2])
    assert curve.local("multiplications") == pytest.approx([1] * 6)
    assert [curve.points[i].value for i in curve.bends()] == [64]
    line = made_up("networks of W3", (1, 4, 16), lambda has: 3 + 2 * has["runs"])
    assert line.marginal() == pytest.approx(2)
    assert line.fixed() == pytest.approx(3)


def test_every_bend_gets_the_reason_that_the_numbers_hold():
    fixed = made_up("runs of W2", RUNS, lambda has: 0.1 + 3e-4 * has["runs"])
    assert fixed.bends()
    for number in fixed.bends():
        said = reason(fixed, growth.costs(fixed), number)
        assert re.search(r"part for a stack falls from \d+ to \d+ %, the part for a run rises from \d+ to \d+ %", said)

    def jump(has):
        return has["runs"] * (3 if has["runs"] > 16 else 1)

    free = made_up("networks of W3", RUNS, jump, caches={"L2 bytes": 1, "L3 bytes": 2})
    assert "neither the counts nor the turns' ranges nor the caches explain it" in reason(free, growth.costs(free), 2)
    noisy = made_up("networks of W3", RUNS, jump, noise=0.9)
    assert "within the turns' ranges" in reason(noisy, growth.costs(noisy), 2)
    size = 100e6
    cached = made_up("networks of W3", RUNS, jump, caches={"L2 bytes": 1, "L3 bytes": size})
    grown = [one.counts["state bytes"] for one in cached.points]
    assert grown[1] < size < grown[3]
    assert "averages of a stack grow from 15 to 241 MB, beyond the L3 cache of 100 MB" in reason(
        cached, growth.costs(cached), 2
    )


def test_the_picture_draws_the_counted_work_in_readable_letters():
    curve = made_up("networks of W3", (1, 2, 4), lambda has: has["runs"] ** 2)
    panel = Figure().subplots()
    pictures.draw_time(panel, curve)
    work = panel.lines[0].get_ydata()
    asked = [one.multiplications for one in curve.points]
    assert work / work[-1] == pytest.approx(np.array(asked) / asked[-1])
    assert [text.get_text() for text in panel.texts] == ["2.00", "2.00"]
    assert min(text.get_fontsize() for text in panel.texts) >= 9
    assert "an epoch of 5,000 images" in panel.get_title()


@pytest.fixture
def known():
    return Costs(start=4.0, device=2.0, folder=0.01, composing=0.002, launches=0.5, run=0.01, core=3.0, creations=600.0)


def test_what_limits_a_machine_and_what_would_next(known):
    gpu, node, cluster, core, _ = plans.commands(known, runs=16, cores=64)
    assert gpu.per_hour == pytest.approx(3600 * 16 / (4 + 2 + 0.16 + max(0.5, 0.16)))
    assert (gpu.limit, gpu.without(gpu.limit).limit) == (plans.START, plans.LAUNCHES)
    assert node.per_hour == pytest.approx(8 * gpu.per_hour)
    assert cluster.per_hour == pytest.approx(3600 * 600)  # 800 GPUs would write 1,900 folders a second
    assert (cluster.limit, cluster.without(cluster.limit).limit) == (plans.DISK, plans.START)
    assert core.per_hour == pytest.approx(3600 * 16 / (4 + 16 * 3.01))
    assert core.limit == plans.ON_CORE


def test_only_the_engine_that_keeps_its_process_saves_the_start(known):
    gpu, node, eight, cluster, core, cores = plans.sweep(known, stack=100, cores=64)
    assert gpu.per_hour == pytest.approx(3600 * 100 / (1 + max(0.5, 1)))
    assert node.per_hour == pytest.approx(8 * 3600 * 100 / (6 + 1 + 1))
    assert eight.per_hour == pytest.approx(8 * gpu.per_hour)
    assert (cluster.per_hour, cluster.limit) == (pytest.approx(3600 / 0.002), plans.COMPOSING)
    assert core.per_hour == pytest.approx(3600 / 3.01)
    assert plans.START in cores.parts
    for plan in (node, cluster):
        assert "engine=" in plan.engine and "gpus" in plan.engine


def test_the_page_answers_for_w3_and_names_the_growth_it_is_from():
    networks = made_up("networks of W3", (16, 32, 64), lambda has: 0.1 + 0.2 * has["runs"])
    command = made_up("networks of a command", (1, 4, 16), lambda has: 4 + 0.2 * has["runs"])
    about = {"commit": "first", "command": "python", "date": "today", "machine": {"processor": "one"}}
    about["versions"] = {"python": "3", "torch": "2"}
    report = Report(about, curves=[networks, command], again={"growth": about | {"commit": "later"}})
    page = scale.page(report, networks, command)
    assert "commit later" in page and "commit first" not in page
    assert "commands of 16 runs" in page and "start-up" in page
    assert not re.search(r"\de[+-]\d", page)
    for row in (line for line in page.splitlines() if line.startswith("| one GPU")):
        figure = row.split("|")[3].strip().replace(",", "")
        assert len(figure.strip("0").replace(".", "")) <= 2


def test_points_work_in_turn_in_processes_of_their_own(tmp_path):
    sizes = dataclasses.replace(QUICK, growth_turns={"runs of W2": 2})
    (curve,) = [growing.measured("runs of W2", (1, 4), sizes, tmp_path)]
    assert [one.counts["seeds"] for one in curve.points] == [1, 2]
    for one in curve.points:
        assert len(one.turns) == 2 and min(one.turns) > 0
        assert one.megabytes >= one.before > 50
    with pytest.raises(RuntimeError, match=r"benchmarks.point width 0 256 ended with status 1"):
        growing.measured("width", (0,), sizes, tmp_path)
