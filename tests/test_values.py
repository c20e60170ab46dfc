"""Jobs of a sweep composed once per set of choices equal what Hydra composes for each of them."""

from __future__ import annotations

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from regexp.config.composing import Composer
from regexp.config.planning import loading
from regexp.config.values import unresolved
from regexp.train import CONFIG_NAME, config_folder

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
