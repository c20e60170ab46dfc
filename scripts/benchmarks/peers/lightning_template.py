"""What lightning-hydra-template's ``train.py`` does: a Hydra program that imports Lightning, here for one epoch of a tiny
regression, with its CSV logger and its checkpoint.

Reference: Ashleve, "lightning-hydra-template", https://github.com/ashleve/lightning-hydra-template.
"""

from __future__ import annotations

import dataclasses
import warnings

import hydra
import lightning
import torch
from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from torch.utils.data import DataLoader, TensorDataset


@dataclasses.dataclass
class Config:
    """The run."""

    seed: int = 0
    epochs: int = 1
    lr: float = 0.003
    weight_decay: float = 0.1


ConfigStore.instance().store("config", node=Config)


class Regression(lightning.LightningModule):
    """A linear model of 200 features."""

    def __init__(self, cfg: Config):
        super().__init__()
        self.cfg, self.net = cfg, torch.nn.Linear(200, 1)

    def training_step(self, batch: tuple[torch.Tensor, torch.Tensor], index: int) -> torch.Tensor:
        loss = (0.5 * (self.net(batch[0]) - batch[1]) ** 2).mean()
        self.log("train/loss", loss)
        return loss

    def validation_step(self, batch: tuple[torch.Tensor, torch.Tensor], index: int) -> None:
        self.log("val/loss", (0.5 * (self.net(batch[0]) - batch[1]) ** 2).mean())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=self.cfg.lr, weight_decay=self.cfg.weight_decay)


@hydra.main(version_base=None, config_name="config")
def main(cfg: Config) -> None:
    lightning.seed_everything(cfg.seed)
    x = torch.randn(120, 200)
    y = x.sum(1, keepdim=True) * 0.01 + 0.05
    splits = [DataLoader(TensorDataset(x[rows], y[rows]), 5) for rows in (slice(20), slice(20, 120))]
    folder = HydraConfig.get().runtime.output_dir
    logger = lightning.pytorch.loggers.CSVLogger(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it advises workers
        quiet = {"enable_progress_bar": False, "enable_model_summary": False, "log_every_n_steps": 1}
        lightning.Trainer(accelerator="cpu", max_epochs=cfg.epochs, logger=logger, **quiet).fit(Regression(cfg), *splits)


if __name__ == "__main__":
    main()
