"""The files of a run: replaced whole (``atomic``), in folders whose names every system takes (``naming``).

``history`` is what a run was asked for and what it measured, ``events`` the same for TensorBoard, ``checkpoint`` its weights.
Nothing here trains: :mod:`regexp.recording` writes them, :mod:`regexp.stored` makes a result of them again.
"""
