"""The worked example of a comparison has the numbers that its command gives."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

import regexp
from regexp.config.planning import plan
from regexp.train import CONFIG_NAME, config_folder
from test_readme import PAGES, TYPED, arguments, get_args_parser

SECTION = PAGES["comparison"]


def test_the_printed_answer_is_the_answer(tmp_path):
    (line,) = [line for line in TYPED if line in SECTION.partition("regexp-compare")[0]]
    planned = plan(get_args_parser().parse_args(arguments(line)), config_folder(), CONFIG_NAME).runs
    stack = [replace(job.experiment, eval_every=100) for job in planned]
    regexp.fit(stack, tmp_path, save="none", tensorboard=False, threads=1)
    found = regexp.compare(tmp_path)

    table = {
        label: [float(x) for x in re.findall(r"-?\d+\.\d+", numbers)]
        for label, numbers in re.findall(r"^[b* ] (weight_decay \d+) +20 (.*)$", SECTION, re.MULTILINE)
    }
    assert len(table) == len(found.findings.rows)
    for row in found.findings.rows:
        printed, final, difference = table[row.setting.label], row.final, row.difference
        for shown, value in zip(printed, (row.validation.mean, final.mean, final.sd, final.low, final.high), strict=False):
            assert shown == float(f"{value:.4g}") or abs(shown - value) < 2e-4 * abs(value)
        if difference:
            for shown, value in zip(printed[6:9], (difference.mean, difference.low, difference.high), strict=True):
                assert abs(shown - value) < 2e-3 * abs(value)  # a difference of rounded runs

    said = SECTION.replace("\n  regexp-train", " regexp-train")
    assert found.sentences[0].partition(" That is")[0] in said
    told, seeds = (re.sub(r"about \d+", "about", found.sentences[2]), r"about (\d+) (?:seeds|from)")
    assert told in re.sub(r"about \d+", "about", said)
    printed, counted = ([int(n) for n in re.findall(seeds, text)] for text in (said, found.sentences[2]))
    assert printed == pytest.approx(counted, rel=0.02) and len(counted) == 2
    assert "better in 15 of 20 seeds" in found.sentences[1]
    assert f"Answer: {found.answer}" in said
