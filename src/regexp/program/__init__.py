"""Experiments as one tensor program: what the training loop works on."""

from regexp.program.loading import arrange, load_ahead, load_data
from regexp.program.program import Program
from regexp.program.structure import require_one_structure, set_of, share_a_list, structure_of

__all__ = ["Program", "arrange", "load_ahead", "load_data", "require_one_structure", "set_of", "share_a_list", "structure_of"]
