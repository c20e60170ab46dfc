"""The same epoch by Lightning: a module, a trainer, and the loaders of source 2's loop."""

from __future__ import annotations

import logging
import warnings

import lightning
import torch
from torch.nn import functional
from torch.utils.data import DataLoader

from benchmarks.peers import images
from benchmarks.timing import Once


class Network(lightning.LightningModule):
    """The recipe's network, loss and optimizer; Lightning averages the metrics of each split."""

    def __init__(self) -> None:
        super().__init__()
        self.net = images.network()

    def training_step(self, batch: tuple[torch.Tensor, torch.Tensor], index: int) -> torch.Tensor:
        return functional.cross_entropy(self.net(batch[0]), batch[1])

    def validation_step(self, batch: tuple[torch.Tensor, torch.Tensor], index: int, dataloader_idx: int = 0) -> None:
        scores = self.net(batch[0])
        right = (scores.argmax(1) == batch[1]).float().mean()
        self.log_dict({"loss": functional.cross_entropy(scores, batch[1]), "accuracy": right}, on_epoch=True)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return images.adam(self)


class Epochs:
    """Each call trains for one epoch more, and evaluates both splits. Nothing is logged, saved or drawn."""

    def __init__(self, train: DataLoader, evaluated: list[DataLoader]):
        for name in ("lightning.pytorch", "lightning.fabric"):
            logging.getLogger(name).setLevel(logging.ERROR)
        self.loaders = train, evaluated
        self.module = Network()
        quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}
        self.trainer = lightning.Trainer(accelerator="cpu", max_epochs=0, num_sanity_val_steps=0, **quiet)

    def __call__(self) -> Once:
        self.trainer.fit_loop.max_epochs += 1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it advises more workers
            self.trainer.fit(self.module, *self.loaders)
        return Once(self.trainer.callback_metrics["loss/dataloader_idx_1"].item())
