"""Every set of regularizers searched with an equal budget: tuned on validation, then trained again with fresh seeds.

Optuna asks for settings and is told their validation metric; the sweep trains them, as stacks. Only ``asking`` and ``samplers``
know Optuna.
"""

from regexp.search.answer import AT, answer
from regexp.search.searching import Unfinished, search

__all__ = ["AT", "Unfinished", "answer", "search"]
