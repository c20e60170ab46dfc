"""What a comparison gives back: the table, the sentences, the pictures, and their files."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from regexp.comparison import tables, written
from regexp.comparison.answer import sentences, verdict
from regexp.comparison.findings import Findings
from regexp.comparison.methods import paragraph
from regexp.comparison.references import told
from regexp.comparison.variation import Variation
from regexp.files import atomic
from regexp.page import page, png
from regexp.words import counted

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Finished runs compared. ``print`` it for the whole answer."""

    findings: Findings
    remarks: Sequence[str]
    """What was left out, and what is not alike."""

    @property
    def between_seeds(self) -> Variation:
        """What differed between seeds, and hence what the intervals cover."""
        return self.findings.between_seeds

    @functools.cached_property
    def table(self) -> pd.DataFrame:
        """One row per setting in grid order: estimates, and the difference to the baseline."""
        return tables.frame(self.findings)

    @functools.cached_property
    def figures(self) -> dict[str, Figure]:
        """Pictures by name: ``metric``, ``difference``, ``learning_curves``, ``gap``, ``weight_norms``, ``weight_paths``."""
        from regexp.comparison import figures

        return figures.draw(self.findings)

    @property
    def sentences(self) -> list[str]:
        """What validation chose, its difference to the baseline, what the data do not decide."""
        return sentences(self.findings)

    @property
    def answer(self) -> str | None:
        """All in one line: a setting at its strength, or that the data cannot tell it from others. None for one setting."""
        return verdict(self.findings) if len(self.findings.rows) > 1 else None

    @property
    def methods(self) -> str:
        """One paragraph for a paper."""
        return paragraph(self.findings, self.between_seeds)

    def __str__(self) -> str:
        table = tables.terminal(tables.cells(self.findings, brief=True))
        legend = "* chosen by validation   b baseline" if self.findings.choice else "b baseline"
        remarks = [f"note: {remark}" for remark in self.remarks]
        answer = [f"Answer: {self.answer}"] if self.answer else []
        head = [self._title(), self.between_seeds.header(), "", table, legend, ""]
        return "\n".join([*head, *self.sentences, *told(self.findings), *remarks, *answer])

    def __repr__(self) -> str:
        return str(self)

    def _repr_png_(self) -> bytes:
        return png(self.figures["metric"])

    def _repr_html_(self) -> str:
        return page(str(self), self._repr_png_())

    def write(self, folder: str | Path, *, figures: bool = True) -> list[Path]:
        """Write ``table.csv``, ``table.md``, ``table.tex``, ``answer.txt``, ``methods.md`` and the pictures, and say which."""
        path = Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        written.forget(path)
        cells = tables.cells(self.findings)
        texts = {
            "answer.txt": str(self),
            "table.csv": tables.comma_separated(self.findings),
            "table.md": tables.markdown(cells),
            "table.tex": tables.latex(cells),
            "methods.md": self.methods,
        }
        for name, text in texts.items():
            atomic.write(path / name, f"{text}\n".encode())
        if figures:
            from regexp.comparison.figures import write

            write(self.figures, path)
        return sorted(file for file in path.iterdir() if file.suffix in (".txt", ".csv", ".md", ".tex", ".png", ".svg"))

    def write_averages(self, folder: str | Path) -> None:
        """Write every setting's mean over seeds, and the ends of its interval, as runs for TensorBoard."""
        from regexp.comparison import averages

        averages.write(self.findings, Path(folder))

    def _title(self) -> str:
        found = self.findings
        at = "at the end of training" if found.how.at == "final" else "at the best epoch by validation"
        numbers = ((found.runs, "run"), (found.rows, "setting"), (found.seeds, "seed"))
        sizes = ", ".join(counted(len(which), noun) for which, noun in numbers)
        return f"{sizes}: {found.how.metric} {at}"
