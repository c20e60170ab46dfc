"""The benchmark's peers train what regexp trains, and its checks notice who does not."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

from benchmarks import device, image_sweep
from benchmarks.agreement import LEVEL, over_seeds
from benchmarks.peers import bare_torch, cuda_graph, d2l
from benchmarks.sizes import QUICK
from benchmarks.works import cuda, reading, start_up


@pytest.mark.parametrize("shift", [0.0, 0.02, 0.1])
@pytest.mark.parametrize(("n", "m"), [(1, 5), (3, 4), (6, 200)])
def test_means_over_seeds_are_compared_as_the_t_test_does(n, m, shift):
    for seed in range(20):
        draws = np.random.default_rng(seed).normal(1, 0.05, n + m)
        theirs, ours = (draws[:n] + shift).tolist(), draws[n:].tolist()
        p = stats.ttest_ind(theirs, ours).pvalue if n > 1 else one_against_many(theirs[0], ours)
        if not 0.8 < p / LEVEL < 1.25:  # the tolerance is rounded
            assert over_seeds("peer", theirs, ours).passed == (p > LEVEL)


def one_against_many(value, others):
    """The p-value of a single value by the prediction interval of a t distribution."""
    error = np.std(others, ddof=1) * np.sqrt(1 + 1 / len(others))
    return 2 * stats.t.sf(abs(value - np.mean(others)) / error, len(others) - 1)


def test_the_bare_script_trains_our_smallest_run(monkeypatch, capsys):
    before, behind = [], []
    for seed in range(100):
        monkeypatch.setattr(sys, "argv", ["bare_torch", f"seed={seed}"])
        bare_torch.main()
        for losses, line in zip((before, behind), capsys.readouterr().out.splitlines(), strict=True):
            losses.append(float(line.split()[-1]))
    ours = start_up.smallest_runs()
    assert over_seeds("bare script", behind, ours).passed
    assert not over_seeds("a script that does not train", before, ours).passed


@pytest.mark.parametrize(
    ("change", "wrong"),
    [({}, []), ({"n": 3}, ["n"]), ({"mean": 0.5001}, ["mean"]), ({"deviation": 0.1}, ["deviation"])],
)
def test_reading_is_checked_setting_by_setting(change, wrong):
    ours = pd.DataFrame({"n": 2, "mean": [0.5, 5.0], "deviation": [0.2, 0.3]}, index=[0.0, 1.0])
    theirs = ours.astype(float).iloc[::-1].copy()
    for column, value in change.items():
        theirs.loc[0.0, column] = value
    assert [check.what for check in reading.checks("peer", theirs, ours) if not check.passed] == wrong
    assert not any(check.passed for check in reading.checks("peer", theirs.loc[[1.0]], ours))


def test_our_reading_parses_in_every_turn(command_line, tmp_path):
    grid = ["regularizer.weight_decay.strength=0,1", "seed=0,1", "epochs=1", "study=read", "compare=false"]
    assert command_line("-m", *grid).code == 0
    parsed = []
    for _ in range(2):
        table = reading.compared(tmp_path / "outputs" / "read")
        parsed.append(reading.reading._parsed.cache_info().misses)
    assert parsed[0] == parsed[1] > 0
    assert table.n.tolist() == [2, 2]


def test_the_loops_command_is_extrapolated_by_its_slowest_epoch(tmp_path, monkeypatch):
    asked = []

    def timed(words, place, threads):
        asked.extend(word for word in words if word.startswith("seed="))
        for run, line in enumerate(("0.5 2.0", "0.6 3.0")):
            (place / str(run)).mkdir(parents=True)
            (place / str(run) / "epochs.txt").write_text(line, encoding="utf-8")
        return 10.0

    monkeypatch.setattr(image_sweep, "timed", timed)
    monkeypatch.setattr(image_sweep.images, "folder", lambda: "")
    sweep = image_sweep.ImageSweep(tmp_path, [0.1, 0.01], seeds=3, count=100, epochs=2)
    said = [sweep.loop((), 2, 1) for _ in range(2)]
    assert asked == ["seed=0,1", "seed=2,3"]
    assert sorted(said[0].loss) == [0.5, 0.6]
    assert said[0].seconds == 10 + (3 * 2 - 1) * 3  # three rounds of two runs, two epochs each


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, False),
        (RuntimeError("called a synchronizing CUDA operation"), True),
        (torch.OutOfMemoryError("CUDA out of memory"), torch.OutOfMemoryError),
    ],
)
def test_only_synchronisations_count_as_waiting(error, outcome, monkeypatch):
    modes = []
    monkeypatch.setattr(torch.cuda, "set_sync_debug_mode", modes.append)

    def epoch():
        if error:
            raise error

    if isinstance(outcome, bool):
        assert device.waits(epoch) is outcome
    else:
        with pytest.raises(outcome):
            device.waits(epoch)
    assert modes == ["error", "default"]


class Recorded:
    """Stands for a CUDA graph: replaying is calling the step."""

    def __init__(self, step):
        self.replay = step


def test_replayed_steps_see_every_example_once_also_those_of_the_last_batch(monkeypatch):
    monkeypatch.setattr(cuda_graph, "captured", Recorded)
    x, y = torch.arange(14.0).view(7, 2), torch.arange(7)
    seen = []
    cuda_graph.replayed(x, y, 3, lambda inputs, targets: seen.append((inputs.clone(), targets.clone())))()
    assert [len(targets) for _, targets in seen] == [3, 3, 1]
    inputs, targets = map(torch.cat, zip(*seen, strict=True))
    assert torch.equal(inputs, x[targets])
    assert sorted(targets.tolist()) == list(range(7))


def test_a_bare_loop_of_replayed_steps_reaches_the_loss_of_the_bare_loop(monkeypatch):
    monkeypatch.setattr(cuda_graph, "captured", Recorded)
    torch.manual_seed(0)
    splits, start = [bare_torch.drawn(size) for size in (20, 100)], torch.randn(200, 1)
    bare, replayed = d2l.bare(*splits, start, 3.0), d2l.bare(*splits, start, 3.0, over=cuda_graph.replayed)
    assert replayed().loss == pytest.approx(bare().loss, rel=0.01)
    assert replayed().loss == pytest.approx(bare().loss, rel=0.01)  # each turn starts anew


def test_capturing_leaves_no_trace_in_what_is_trained():
    net = torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(net.parameters(), fused=True)
    first = [weight.detach().clone() for weight in net.parameters()]
    net(torch.ones(4, 3)).sum().backward()
    optimizer.step()
    cuda_graph.start_anew(net, optimizer, first)
    assert all(map(torch.equal, net.parameters(), first))
    assert not any(number.any() for state in optimizer.state.values() for number in state.values())


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_a_device_its_limits_are_named_as_not_measured():
    rows = cuda.measure(QUICK).rows
    assert [str(limit) for row in rows for limit in row.limits] == ["<= 1.2", "<= 2", "<= 0"]
    assert all(row.verdict == "not measured" and "no CUDA device" in row.why for row in rows)
