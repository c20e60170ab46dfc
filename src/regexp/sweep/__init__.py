"""Many runs from one command line, trained as stacks: groups of one structure, in a folder that may grow.

Nothing here imports torch before there is something to train.
"""

from regexp.sweep.sweeping import sweep

__all__ = ["sweep"]
