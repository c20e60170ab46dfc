"""What data sets have to say before anything is trained on them."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from regexp.experiment import Experiment

log = logging.getLogger("regexp")


def say(experiments: Iterable[Experiment]) -> None:
    """Log the notes of their data sets, each sentence once."""
    datasets = {repr(one.dataset): one.dataset for one in experiments}  # a text, since a user's fields need not be hashable
    for text in dict.fromkeys(text for dataset in datasets.values() for text in dataset.notes):
        log.warning("note: %s", text)
