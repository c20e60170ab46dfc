"""The report as pages: ``index.md``, ``index.html`` and ``NAME/index.md`` that show the pictures beside them."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from regexp.files import atomic
from regexp.textbook import searched, summary
from regexp.textbook.about import about

Data = Mapping[str, Any]

TITLE = "The textbook, run"
SEARCHED = "What validation chose for each set, and the ranges that were searched:"
INTERVALS = (
    "The interval of a mean is Student's t, which is not confined to what a number can be: "
    "that of an accuracy, or of a mean of shares, may end above 1 or below 0. "
    "The interval of a share of runs is Clopper and Pearson's."
)
COLUMNS = ("claim", "decided by", "reference", "measured", "95 % interval", "n", "verdict")
STYLE = """
body { font: 17px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
table { border-collapse: collapse; font-size: 15px; margin: 1rem 0; width: 100% }
th, td { border-bottom: 1px solid #ddd; padding: .35rem .5rem; text-align: left; vertical-align: top }
img { max-width: 100%; height: auto } pre { background: #f5f5f5; padding: .7rem; overflow-x: auto; font-size: 14px }
.holds, .inside { color: #00664b; font-weight: 600 } .does-not-hold, .outside { color: #a33c00; font-weight: 600 }
.small { color: #555; font-size: 14px } h2 { margin-top: 3rem; border-top: 2px solid #ddd; padding-top: 1rem }
"""


def write(reports: Sequence[Data], folder: Path) -> None:
    """All pages; the pictures lie in a folder per experiment."""
    atomic.write(folder / "index.md", markdown(reports).encode())
    atomic.write(folder / "index.html", page(reports).encode())
    for data in reports:
        alone = [*_section(data, "# ", ""), INTERVALS, *_recipe_blocks(data)]
        atomic.write(folder / data["name"] / "index.md", "\n\n".join(alone).encode() + b"\n")


def markdown(reports: Sequence[Data]) -> str:
    """The page as GitHub's Markdown."""
    rows = [summary.row(data, f"[{data['name']}]({data['name']}/index.md)") for data in reports]
    parts = [f"# {TITLE}", table(summary.COLUMNS, rows), f"{summary.time(reports)} {INTERVALS}"]
    for data in reports:
        parts += _section(data, "## ", f"{data['name']}/")
    return "\n\n".join(parts) + "\n"


def _section(data: Data, level: str, folder: str) -> list[str]:
    """One experiment as Markdown; its pictures lie in ``folder``."""
    parts = [f"{level}{data['title']}", f"*{data['question']}* ({data['source']})"]
    parts += [f"![{picture['title']}]({folder}{picture['name']}.png)" for picture in data["pictures"] if picture["drawn"]]
    rows = [_cells(row, _link(row, folder)) for row in data["claims"]]
    parts += [data["paragraph"], *_besides(data), table(COLUMNS, rows)]
    parts += [SEARCHED, table(searched.COLUMNS, data["searched"])] if data.get("searched") else []
    parts += [*filter(None, [data["conditional"], _quick(data)]), about(data)]
    return [*parts, *(["```\n" + "\n".join(data["commands"]) + "\n```"] if data["commands"] else [])]


def page(reports: Sequence[Data]) -> str:
    """The page as HTML, without scripts."""
    rows = [summary.row(data, data["name"]) for data in reports]
    body = [f"<h1>{TITLE}</h1>", _html_table(summary.COLUMNS, rows, links=reports)]
    body += [f"<p class=small>{summary.time(reports)} {INTERVALS}</p>"]
    for data in reports:
        body += [f'<h2 id="{data["name"]}">{_text(data["title"])}</h2>']
        body += [f"<p><em>{_text(data['question'])}</em> <span class=small>{_text(data['source'])}</span></p>"]
        body += [_image(f"{data['name']}/{p['name']}", p["title"]) for p in data["pictures"] if p["drawn"]]
        body += [f"<p>{_text(data['paragraph'])}</p>", *_html_besides(data)]
        body += [_html_table(COLUMNS, [_cells(r, r["says"]) for r in data["claims"]])]
        if data.get("searched"):
            body += [f"<p>{SEARCHED}</p>", _html_table(searched.COLUMNS, data["searched"])]
        body += [
            f"<p class=small>{_text(' '.join(filter(None, [data['conditional'], _quick(data), about(data)])))}</p>",
            *_recipe(data),
        ]
        body += _details("The claims' pictures", [_claim_image(data, r) for r in data["claims"] if r["picture"]])
    head = f"<meta charset=utf-8><meta name=viewport content='width=device-width'><title>{TITLE}</title><style>{STYLE}</style>"
    return f"<!doctype html>\n<html lang=en><head>{head}</head><body>\n" + "\n".join(body) + "\n</body></html>\n"


def _cells(row: Data, named: str) -> list[str]:
    verdict = row["verdict"] + (f" ({row['remark']})" if row["remark"] else "")
    primary = " (primary)" if row["role"] == "primary" else ""
    return [named + primary, row["rule"], row["published"], row["value"], row["interval"], str(row["n"]), verdict]


def _besides(data: Data) -> list[str]:
    """What was found besides, an item for each theme."""
    items = [f"- **{theme}.** {text}" for theme, text in data.get("besides", {}).items()]
    return ["\n".join(items)] if items else []


def _html_besides(data: Data) -> list[str]:
    items = [f"<li><strong>{_text(theme)}.</strong> {_text(text)}</li>" for theme, text in data.get("besides", {}).items()]
    return ["<ul>", *items, "</ul>"] if items else []


def _link(row: Data, folder: str) -> str:
    return f"[{row['says']}]({folder}claim-{row['name']}.png)" if row["picture"] else row["says"]


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of GitHub's Markdown."""
    lines = [header, [":--"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _html_table(header: Sequence[str], rows: Sequence[Sequence[str]], links: Sequence[Data] = ()) -> str:
    lines = ["<tr>" + "".join(f"<th>{_text(cell)}</th>" for cell in header) + "</tr>"]
    for number, row in enumerate(rows):
        cells = [_text(cell) for cell in row]
        if links:
            cells[0] = f'<a href="#{links[number]["name"]}">{cells[0]}</a>'
        kind = f' class="{row[-1].partition(" (")[0].replace(" ", "-")}"' if header[-1] == COLUMNS[-1] else ""
        lines.append("<tr>" + "".join(f"<td>{c}</td>" for c in cells[:-1]) + f"<td{kind}>{cells[-1]}</td></tr>")
    return "<table>\n" + "\n".join(lines) + "\n</table>"


def _quick(data: Data) -> str:
    return (
        "The quick tier gives no verdicts, except on exact statements, which need no seeds." if data["tier"] == "quick" else ""
    )


def _recipe_blocks(data: Data) -> list[str]:
    """The recipe of one run, and what is computed besides, as Markdown."""
    blocks = [f"`{_file(data, name)}`:\n\n```yaml\n{text.rstrip()}\n```" for name, text in data["recipes"].items()]
    return [*blocks, *(f"`{name}`: {text}." for name, text in data.get("computed", {}).items())]


def _file(data: Data, recipe: str) -> str:
    """Where a recipe lies: in the package's ``conf``, or in a folder of one's own."""
    return data.get("own_recipes", {}).get(recipe, f"conf/experiment/{recipe}.yaml")


def _recipe(data: Data) -> list[str]:
    parts = ["<pre>" + _text("\n".join(data["commands"])) + "</pre>"] if data["commands"] else []
    parts += [f"<p>{_text(_file(data, name))}</p><pre>{_text(text)}</pre>" for name, text in data["recipes"].items()]
    parts += [f"<p>{name}: {_text(text)}.</p>" for name, text in data.get("computed", {}).items()]
    return _details("Recipe and commands", parts)


def _details(title: str, parts: Sequence[str]) -> list[str]:
    return ["<details><summary>" + title + "</summary>", *parts, "</details>"] if parts else []


def _claim_image(data: Data, row: Data) -> str:
    return _image(f"{data['name']}/claim-{row['name']}", row["says"])


def _image(name: str, title: str) -> str:
    return f'<p><img loading=lazy alt="{_text(title)}" src="{_text(name)}.png"></p>'


def _text(text: str) -> str:
    return html.escape(text)
