"""The parts of ``scripts/benchmark.py``: works, the peers that do the same work, limits of the machine, and what is written."""
