"""The regularizers, one file each. A class is found by its name in the file of that name; there is no list to keep.

``regexp.regularizers.WeightDecay`` is the class in ``weight_decay.py``.
"""

from regexp.component import finder

__getattr__ = finder(__name__)
