"""The notebook runs from its first cell to its last, and shows tables and pictures.

Without a kernel: the package has no use for Jupyter, and a kernel takes longer to start than all cells to run.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "reports" / "notebook" / "weight_decay.ipynb"


def execute(notebook):
    spec = importlib.util.spec_from_file_location("execute_notebook", ROOT / "scripts" / "execute_notebook.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.execute(notebook)


def test_the_notebook_shows_what_it_promises(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cells = execute(json.loads(NOTEBOOK.read_text(encoding="utf-8")))["cells"]
    book, zero, one, own = (cell["outputs"] for cell in cells if cell["cell_type"] == "code")
    page = "".join(book[0]["data"]["text/html"])
    assert "Validation chose" in page and "data:image/png;base64," in page and book[0]["data"]["image/png"]
    assert "test/loss" in "".join(zero[0]["text"])
    assert "Linear" in "".join(one[0]["data"]["text/plain"])
    shown = "".join(own[0]["data"]["text/html"])
    assert "ridge regression, its strength chosen by validation" in shown and "minus it: -" in shown  # a sine is no line
    assert list(tmp_path.iterdir()) == []
