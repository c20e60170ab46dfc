"""Jobs of a sweep composed once per set of choices equal what Hydra composes for each of them."""

from __future__ import annotations

import shlex

import pytest
from hydra import compose, initialize_config_dir
from hydra._internal.utils import get_args_parser
from omegaconf import OmegaConf

from regexp.config.composing import Composer
from regexp.config.loading import loading
from regexp.config.planning import plan
from regexp.config.values import unresolved
from regexp.textbook.reading import read_all
from regexp.train import CONFIG_NAME, config_folder

PROTOCOLS = read_all(config_folder() / "reproduce")
JOBS = [
    ["experiment=weight_decay", "regularizer.weight_decay.strength=0.1", "seed=3"],
    ["experiment=weight_decay", "regularizer=[l2]", "regularizer.l2.strength=1", "optimizer=adam", "optimizer.lr=1e-3"],
    ["experiment=dropout", "model.hidden=[8,4]", "regularizer.dropout.rate=[0.1,0.2]", "batch_size=null"],
    ["experiment=dropout_d2l", "seed=7", "seed=8", "dataset.label_noise=0.25"],
    ["regularizer=[]", "dtype=float64", "tensorboard=false"],
    ["model.init='a b'", "epochs=1e2", "dataset.noise=inf", "dataset.seed=true"],
    ["batch_size=${epochs}", "epochs=3"],
    ["+model.width=4", "++seed=4", "+optimizer={a:1}", "model={init:normal}"],
]


@pytest.mark.parametrize("job", JOBS, ids=" ".join)
def test_a_job_is_what_hydra_composes(job):
    with loading(config_folder()) as loader:
        composer = Composer(loader, CONFIG_NAME)
        overrides, problems = composer.parse(job)
        assert not problems
        ours, problems = composer.values(overrides)
        assert not problems
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        theirs = unresolved(compose(CONFIG_NAME, overrides=job))
    assert OmegaConf.to_yaml(ours) == OmegaConf.to_yaml(theirs)


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=lambda protocol: protocol.name)
def test_every_sweep_that_ships_is_composed_as_hydra_does(protocol):
    """The first and the last job of every line: each choice, and each value, that a protocol sweeps."""
    for line in protocol.lines("quick"):
        asked = plan(get_args_parser().parse_args(["-m", *shlex.split(line)]), config_folder(), CONFIG_NAME)
        for job in (asked.runs[0], asked.runs[-1]):
            with initialize_config_dir(str(config_folder()), version_base="1.3"):
                theirs = unresolved(compose(CONFIG_NAME, overrides=job.lines))
            assert OmegaConf.to_yaml(job.config) == OmegaConf.to_yaml(theirs)
