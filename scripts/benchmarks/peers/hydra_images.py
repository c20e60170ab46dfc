"""Source 2's loop as a Hydra program: ``-m weight_decay=0,0.1 seed=0,1`` sweeps with Hydra's own launchers.

No dropout, so that weight decay is what varies. Test loss and seconds of every epoch are written into the run's folder.
"""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import hydra
import torch
from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig

from benchmarks.peers import images

EPOCHS = "epochs.txt"


@dataclasses.dataclass
class Config:
    """One run."""

    root: str
    weight_decay: float = 0.0
    seed: int = 0
    epochs: int = 1
    images: int = 60_000


ConfigStore.instance().store("config", node=Config)


@hydra.main(version_base=None, config_name="config")
def main(cfg: Config) -> None:
    torch.manual_seed(cfg.seed)
    train, test = images.datasets(list(range(cfg.images)), cfg.root)
    batches, evaluated = images.loaders(train, test, workers=0)
    net = images.network(rates=(0.0, 0.0))
    optimizer, lines = images.adam(net, cfg.weight_decay), []
    for _ in range(cfg.epochs):
        began = time.perf_counter()
        images.train_epoch(net, optimizer, batches)
        loss = [images.evaluate(net, split)[0] for split in evaluated][-1]
        lines.append(f"{loss} {time.perf_counter() - began}")
    file = Path(HydraConfig.get().runtime.output_dir) / EPOCHS
    file.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
