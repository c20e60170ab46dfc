"""The datasets, one file each. A class is found by its name in the file of that name; there is no list to keep.

``regexp.datasets.FashionMNIST`` is the class in ``fashion_mnist.py``.
"""

from regexp.component import finder

__getattr__ = finder(__name__)
