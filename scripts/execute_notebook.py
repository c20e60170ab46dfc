"""Executes a notebook without a kernel, and writes what its cells show into it: ``python scripts/execute_notebook.py FILE``."""

from __future__ import annotations

import ast
import base64
import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any


def execute(notebook: dict[str, Any]) -> dict[str, Any]:
    """Run all code cells in order, in one namespace, and give the notebook with their outputs."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    count = 0
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            count += 1
            cell["outputs"] = _outputs("".join(cell["source"]), namespace, count)
            cell["execution_count"] = count
    return notebook


def _outputs(source: str, namespace: dict[str, Any], count: int) -> list[dict[str, Any]]:
    """What is printed, and what the last line is if it is an expression."""
    tree, printed, value = ast.parse(source), io.StringIO(), None
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, f"cell {count}", "exec"), namespace)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), f"cell {count}", "eval"), namespace)
    text = printed.getvalue()
    found: list[dict[str, Any]] = [{"name": "stdout", "output_type": "stream", "text": text.splitlines(True)}] if text else []
    if value is not None:
        shown = {"data": _shown(value), "execution_count": count, "metadata": {}, "output_type": "execute_result"}
        found.append(shown)
    return found


def _shown(value: object) -> dict[str, Any]:
    """As Jupyter asks an object: its text, its page, its picture."""
    data: dict[str, Any] = {"text/plain": repr(value).splitlines(True)}
    if hasattr(value, "_repr_html_"):
        data["text/html"] = value._repr_html_().splitlines(True)
    if hasattr(value, "_repr_png_") and (png := value._repr_png_()) is not None:
        data["image/png"] = base64.b64encode(png).decode()
    return data


def main() -> None:
    """Execute the notebooks that are named, in place."""
    for name in sys.argv[1:]:
        done = execute(json.loads(Path(name).read_text(encoding="utf-8")))
        Path(name).write_text(json.dumps(done, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
