"""``python scripts/update_documents.py`` writes what the reports say into the documents, between marks.

    <!-- report: verdicts weight_decay zero_equal ridge -->
    what was written here before is replaced
    <!-- /report -->

A mark names a block below, an experiment or a regularizer, and what the block shows of it. Run it after
``regexp-reproduce --out reports/textbook``; a test holds that the documents are what it would write.
"""

from __future__ import annotations

import dataclasses
import importlib
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from regexp.component import Search
from regexp.textbook import pages, report, summary
from regexp.textbook.reading import read_all
from regexp.train import config_folder

ROOT = Path(__file__).resolve().parents[1]
REPORTS = ROOT / "reports" / "textbook"
MARK = re.compile(r"(<!-- report: (.+?) -->\n).*?(<!-- /report -->)", re.DOTALL)

Data = dict[str, Any]


def main() -> None:
    """Update every document, and name those that changed."""
    reports = {data["name"]: data for data in report.read_all(REPORTS)}
    for document in documents():
        before = document.read_text(encoding="utf-8")
        after = updated(before, document.parent, reports)
        if after != before:
            document.write_text(after, encoding="utf-8")
            print(f"updated {document.relative_to(ROOT)}")


def documents() -> list[Path]:
    """Every page that a reader opens."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs" / "pages").rglob("*.md"))]


def updated(text: str, folder: Path, reports: dict[str, Data]) -> str:
    """The text with all its marked blocks written anew; links are relative to ``folder``."""
    place = os.path.relpath(REPORTS, folder).replace(os.sep, "/")

    def block(found: re.Match[str]) -> str:
        kind, *words = found[2].split()
        return f"{found[1]}\n{BLOCKS[kind](words, reports, place)}\n\n{found[3]}"

    return MARK.sub(block, text)


def verdicts(words: list[str], reports: dict[str, Data], place: str) -> str:
    """``verdicts NAME [CLAIM ...]``: a row per claim; without claims, all primary ones."""
    name, *claims = words
    if (data := reports.get(name)) is None:
        return missing(name)
    chosen = [row for row in data["claims"] if (row["name"] in claims if claims else row["role"] == "primary")]
    if strange := set(claims) - {row["name"] for row in chosen}:
        sys.exit(f"{name} has no claim {', '.join(sorted(strange))}: it has {', '.join(row['name'] for row in data['claims'])}")
    rows = [[row["says"], f"{row['value']} {row['interval']}".strip(), str(row["n"]), verdict(row)] for row in chosen]
    return pages.table((f"[{data['title']}]({place}/{name}/index.md)", "measured", "n", "verdict"), rows)


def verdict(row: Data) -> str:
    """The verdict with what is remarked on it; bold where one was given."""
    given = row["verdict"] if row["verdict"] == "shown" else f"**{row['verdict']}**"
    return given + (f" ({row['remark']})" if row["remark"] else "")


def experiments(words: list[str], reports: dict[str, Data], place: str) -> str:
    """``experiments``: a row for each one, by chapter."""
    rows = []
    protocols = read_all(config_folder() / "reproduce").values()
    for protocol in sorted(protocols, key=lambda one: (one.chapter, one.name)):
        data = reports.get(protocol.name)
        link = f"[`{protocol.name}`]({place}/{protocol.name}/index.md)" if data else f"`{protocol.name}`"
        found = f"{summary.verdicts(data)} ({data['tier']}, n = {data['n']})" if data else "not reported yet"
        rows.append([link, " ".join(protocol.question.split()), found])
    return pages.table(("experiment", "question", "verdicts"), rows)


def paragraph(words: list[str], reports: dict[str, Data], place: str) -> str:
    """``paragraph NAME``: what the numbers say."""
    (name,) = words
    return reports[name]["paragraph"] if name in reports else missing(name)


def picture(words: list[str], reports: dict[str, Data], place: str) -> str:
    """``picture NAME PICTURE``: one of its pictures."""
    name, shown = words
    drawn = {one["name"]: one["title"] for one in reports.get(name, {}).get("pictures", ()) if one["drawn"]}
    return f"![{drawn[shown]}]({place}/{name}/{shown}.png)" if shown in drawn else missing(name)


def values(words: list[str], reports: dict[str, Data], place: str) -> str:
    """``values REGULARIZER``: its numbers, where they start, what switches them off, and the range that a search tries."""
    (name,) = words
    node = yaml.safe_load((config_folder() / "regularizer" / f"{name}.yaml").read_text(encoding="utf-8"))[name]
    module, _, kind = node["_target_"].rpartition(".")
    fields = dataclasses.fields(getattr(importlib.import_module(module), kind))
    rows = [
        [f"`{one.name}`", f"{node[one.name]}", worded(one.metadata["off"]), searched(one.metadata["search"])]
        for one in fields
        if one.metadata.get("per_run")
    ]
    return pages.table(("field", "value if none is given", "off", "searched"), rows)


def worded(off: float | None) -> str:
    """The value that equals absence."""
    return "nothing" if off is None else f"{off:g}"


def searched(found: Search | None) -> str:
    """The range of a search."""
    return f"{found.low:g} to {found.high:g}{', logarithmic' if found.log else ''}" if found else "not by itself"


def missing(name: str) -> str:
    """Where there is no report."""
    return f"Not reported yet; `regexp-reproduce {name}` runs it."


BLOCKS: dict[str, Callable[[list[str], dict[str, Data], str], str]] = {
    block.__name__: block for block in (verdicts, experiments, paragraph, picture, values)
}


if __name__ == "__main__":
    main()
