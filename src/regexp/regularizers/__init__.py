"""Regularizers, one file each.

A class is found by its name in the file of that name: ``regexp.regularizers.WeightDecay`` is in ``weight_decay.py``. There is no list to keep.
"""

from regexp.component import finder

__getattr__ = finder(__name__)
