"""The training of a stack with all that watches it. The loop itself, :mod:`regexp.training`, knows of none of this.

``training`` puts both together. ``recorder`` collects histories and last weights, ``facts`` what is known of the runs beside
them; ``writing`` writes each run's files, ``saving`` the checkpoint, which is a ``snapshot``. ``sameness`` refuses to go on
from that of another run, and ``progress`` is what a person sees.
"""
