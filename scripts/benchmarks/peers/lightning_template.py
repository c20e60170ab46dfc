"""What lightning-hydra-template's ``train.py`` does: a Hydra program that imports Lightning, here for one epoch of a tiny
regression, with its CSV logger and its checkpoint. The recipe is that of ``regexp-train epochs=1``, the test loss is printed.

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

from benchmarks.peers.bare_torch import FEATURES, drawn


@dataclasses.dataclass
class Config:
    """The run."""

    seed: int = 0
    epochs: int = 1
    lr: float = 0.01
    weight_decay: float = 1.0


ConfigStore.instance().store("config", node=Config)


class Regression(lightning.LightningModule):
    """A linear model of 200 features."""

    def __init__(self, cfg: Config):
        super().__init__()
        self.cfg, self.net = cfg, torch.nn.Linear(FEATURES, 1)

    def training_step(self, batch: tuple[torch.Tensor, torch.Tensor], index: int) -> torch.Tensor:
        loss = (0.5 * (self.net(batch[0]) - batch[1]) ** 2).mean()
        self.log("train/loss", loss)
        return loss

    def validation_step(self, batch: tuple[torch.Tensor, torch.Tensor], index: int, dataloader_idx: int = 0) -> None:
        self.log("loss", (0.5 * (self.net(batch[0]) - batch[1]) ** 2).mean())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        groups = [{"params": [self.net.weight], "weight_decay": self.cfg.weight_decay}, {"params": [self.net.bias]}]
        return torch.optim.SGD(groups, lr=self.cfg.lr)


@hydra.main(version_base=None, config_name="config")
def main(cfg: Config) -> None:
    lightning.seed_everything(cfg.seed)
    train, *evaluated = (TensorDataset(*drawn(size)) for size in (20, 100, 100))
    loaders = DataLoader(train, 5, shuffle=True), [DataLoader(split, 100) for split in (train, *evaluated)]
    logger = lightning.pytorch.loggers.CSVLogger(HydraConfig.get().runtime.output_dir)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it advises workers
        quiet = {"enable_progress_bar": False, "enable_model_summary": False, "log_every_n_steps": 1}
        trainer = lightning.Trainer(accelerator="cpu", max_epochs=cfg.epochs, logger=logger, **quiet)
        trainer.fit(Regression(cfg), *loaders)
    print(trainer.callback_metrics["loss/dataloader_idx_2"].item())


if __name__ == "__main__":
    main()
