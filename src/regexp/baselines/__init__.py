"""What a network is worth: the constant predictor and the best linear model on the same splits, without training.

``baselines(experiments, data)`` gives the metrics of both for every run.
"""

from regexp.baselines.beside import baselines

__all__ = ["baselines"]
