"""The models, one file each. A class is found by its name in the file of that name; there is no list to keep.

``regexp.models.MLP`` is the class in ``mlp.py``.
"""

from regexp.component import finder

__getattr__ = finder(__name__)
