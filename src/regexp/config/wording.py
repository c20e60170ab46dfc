"""How problems of a configuration are told: by full key, all at once, with the way out."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable, Sequence

Problems = dict[str, str]
"""What is wrong, by full key."""

STUDY_RULE = "must be a name of letters a to z, digits and ._+- (80 at most, none of .- first or last)"
NO_REGULARIZERS = "write regularizer=[] for none"


@dataclasses.dataclass(frozen=True)
class Problem:
    """One thing that is wrong."""

    key: str
    """In full; empty where no single key is wrong. By it is known what follows from another mistake."""
    line: str
    """What is said, with the key."""

    def __str__(self) -> str:
        return self.line


class ConfigError(ValueError):
    """Everything that is wrong with a configuration, one line each."""

    def __init__(self, problems: Iterable[Problem | str]):
        found = {str(one): one if isinstance(one, Problem) else Problem("", one) for one in problems}
        self.problems = list(found.values())
        super().__init__("\n".join(found))


def unknown_key(key: str, known: Iterable[str]) -> str:
    """What to say of a key that does not exist: the nearest one that does, or those that stand beside it."""
    known = list(known)
    if found := nearest(key, known):
        return f"is no key: did you mean {found}?"
    parent = key
    while not (beside := [other for other in known if other.rpartition(".")[0] == parent]):
        parent = parent.rpartition(".")[0]
    return f"is no key: there are {', '.join(beside)}"


def not_chosen(name: str, chosen: Iterable[str]) -> str:
    """What to say of values for a regularizer that is not switched on."""
    chosen = list(chosen)
    return f'has values but {name} is not in [{",".join(chosen)}]: write "regularizer=[{",".join([*chosen, name])}]"'


def in_no_set(key: str, name: str, sets: Sequence[Sequence[str]]) -> str:
    """What to say of a value for a regularizer that is in none of several sets."""
    typed, more = (",".join(f"[{','.join(one)}]" for one in some) for some in (sets, [*sets, [name]]))
    return f'{key} has values but {name} is in none of the sets {typed}: write "regularizer={more}"'


def nearest(key: str, known: Iterable[str]) -> str | None:
    """The key that is most like this one: by spelling in the same place, or by its last part anywhere; None if none is."""
    known = list(known)
    parent, _, name = key.rpartition(".")
    beside = [other for other in known if other.rpartition(".")[0] == parent]
    last = {other.rpartition(".")[2]: other for other in [*known, *beside]}
    close = difflib.get_close_matches(name, [other.rpartition(".")[2] for other in beside], n=1)
    return last.get(close[0] if close else name)
