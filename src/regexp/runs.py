"""Several finished runs, as ``regexp.run`` and ``regexp.load`` give them: a list of results that shows itself in a notebook."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from regexp import curves, stored
from regexp.comparing import compare_runs
from regexp.comparison.comparison import Comparison
from regexp.comparison.reading import Run, fields_of, places, read_run
from regexp.files.history import read_summary
from regexp.page import page, png
from regexp.recording.writing import summary
from regexp.results import Result
from regexp.words import counted

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


class Runs(Sequence[Result]):
    """Results in the order in which they were asked for, and what they say together.

    ``runs[0]`` is a :class:`regexp.Result`. In Jupyter the object shows its table, its sentences and its figure; ``print``
    gives the text of ``regexp-compare``. ``at``: ``final`` or ``best``, the weights that are compared if nothing else is said.
    """

    def __init__(
        self, results: Sequence[Result], folders: Sequence[Path] = (), missing: Sequence[str] = (), *, at: str = "final"
    ):
        self.results, self.folders, self.missing, self.at = list(results), list(folders), list(missing), at

    def __len__(self) -> int:
        return len(self.results)

    @overload
    def __getitem__(self, place: int) -> Result: ...
    @overload
    def __getitem__(self, place: slice) -> Runs: ...
    def __getitem__(self, place: int | slice) -> Result | Runs:
        if isinstance(place, slice):
            return Runs(self.results[place], self.folders[place], at=self.at)
        return self.results[place]

    def __iter__(self) -> Iterator[Result]:
        return iter(self.results)

    def compare(self, metric: str | None = None, baseline: str | None = None, at: str | None = None) -> Comparison:
        """The comparison that ``regexp-compare`` makes of these runs: see :func:`regexp.compare`."""
        found = [read_run(place) for place in self.folders] or [_as_read(*pair) for pair in enumerate(self.results)]
        return compare_runs(found, self.missing, metric=metric, baseline=baseline, at=at or self.at)

    @functools.cached_property
    def comparison(self) -> Comparison:
        """The comparison of the test loss, of the weights at ``at``."""
        return self.compare()

    @property
    def table(self) -> pd.DataFrame:
        """One row per setting (everything but the seed), with intervals over seeds and differences to the baseline."""
        return self.comparison.table

    @property
    def sentences(self) -> list[str]:
        """What validation chose, its difference to the baseline, what the data do not decide."""
        return self.comparison.sentences

    @property
    def figure(self) -> Figure:
        """Of one run its learning curves, of several the test loss of every setting."""
        if len(self) == 1:
            (one,) = self.results
            return curves.picture(one.rows, one.experiment, one.best_epoch)
        return self.comparison.figures["metric"]

    def __str__(self) -> str:
        if len(self) == 1:
            return str(self.results[0])
        return str(self.comparison) if self.results else "\n".join(["no run has ended", *self.missing])

    def __repr__(self) -> str:
        return str(self)

    def _repr_png_(self) -> bytes | None:
        return png(self.figure) if self.results else None

    def _repr_html_(self) -> str:
        return page(str(self), self._repr_png_())


def load(folder: str | Path) -> Result | Runs:
    """A finished run from its folder, or all finished runs below a folder, such as that of a study.

    Of a search these are the runs of the chosen settings with fresh seeds; those that chose are in its folder ``search``.

    Of a run the result is what ``fit`` returned, with the weights that were saved: ``load(folder).model("best")`` is the
    trained network as an ordinary ``nn.Module``. Runs that have not ended are named in ``missing``.
    Raises ``FileNotFoundError`` for a folder that holds no run, ``ValueError`` for a single run that has not ended.
    """
    path = Path(folder)
    if (path / "summary.json").exists():
        return stored.load(path)
    return of_folders(runs_below(path))


def runs_below(folder: Path) -> list[Path]:
    """The folders of all runs, whether they have ended or not; of a search, of those that it compares."""
    found = list(places(folder))
    runs = [place for place in found if isinstance(place, Path)]
    if not runs:
        raise FileNotFoundError(f"there is no run to load: {'; '.join(map(str, found))}")
    return runs


def of_folders(folders: Sequence[Path], *, at: str = "final") -> Runs:
    """The runs in these folders; of those that have not ended only how it stands with them."""
    ended, kept, missing, unread = [], [], [], dict[str, list[Path]]()
    for place in folders:
        about = read_summary(place) if (place / "summary.json").exists() else {"status": "missing"}
        if "final_epoch" not in about:
            missing.append(f"{place} is left out: {about['status']}{': ' + about['reason'] if about.get('reason') else ''}")
            continue
        try:
            ended.append(stored.load(place))
            kept.append(place)
        except (OSError, ValueError) as error:
            unread.setdefault(str(error), []).append(place)
    missing += [_unread(error, places) for error, places in unread.items()]
    return Runs(ended, kept, missing, at=at)


def _unread(error: str, places: Sequence[Path]) -> str:
    """One line for all finished runs that cannot be read for one reason."""
    own = " (a file of your own is found in the folder that you work in: change to its folder, or add it to PYTHONPATH)"
    way_out = own if "No module named" in error else ""
    others = f" (and {counted(len(places) - 1, 'other run')})" if len(places) > 1 else ""
    return f"{places[0]}{others} has ended, but cannot be read here, and is left out: {error}{way_out}"


def _as_read(number: int, result: Result) -> Run:
    """A result as the comparison reads it from disk."""
    history = {name: np.array([row[name] for row in result.rows]) for name in result.rows[0]}
    about: dict[str, Any] = {**summary(result), **result.machine}
    return Run(Path(f"run-{number}"), fields_of(result.experiment.to_dict()), about, history)
