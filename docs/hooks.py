"""What the site adds to the pages: the repository's own documents, the reports with their gallery, and links between them.

The pages are written to be read in the repository too, so that links follow its folders; here they are led to the site's.
"""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from regexp.textbook import report, summary

ROOT = Path(__file__).resolve().parents[1]
PAGES = "docs/pages"
SHOWN = {"README.md": "index.md", "README.zh-CN.md": "zh-CN.md", "reports/textbook/index.md": "gallery.md"}
OWN = ("README.md", "README.zh-CN.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE", "constraints.txt")
FOLDERS = ("reports", "conf")
LINK = re.compile(r"\]\(([^)\s#:]+)(#[^)\s]*)?\)")
REPORT = re.compile(r"\[([^\]]+)\]\(((?:\.\./)*reports/[^)]+)\)")
COMMANDS = re.compile(r"^```\n(?=(?:regexp-|python |make |tensorboard |\.venv/))", re.MULTILINE)
FORMULA = re.compile(r"^\$\$\n(.*?)\n\$\$$", re.DOTALL | re.MULTILINE)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the documents that lie outside of ``docs/pages``."""
    for path in _outside():
        files.append(File.generated(config, _on_site(path), abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links to where the site has their targets (none to a report that is not made), set formulas and commands, fill the
    gallery.
    """
    markdown = markdown.replace("<!-- gallery -->", gallery())
    markdown = FORMULA.sub(lambda found: f'<div class="formula">{convert(found[1], display="block")}</div>', markdown)
    markdown = COMMANDS.sub("```sh\n", markdown)  # which wrap, as tables of results must not
    folder = posixpath.dirname(_in_repository(page.file.src_uri))
    here = posixpath.dirname(page.file.src_uri) or "."

    def made(found: re.Match[str]) -> str:
        return found[0] if (ROOT / folder / found[2].partition("#")[0]).exists() else found[1]

    def led(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, found[1]))
        return f"]({posixpath.relpath(_on_site(target), here)}{found[2] or ''})"

    return LINK.sub(led, REPORT.sub(made, markdown))


def gallery() -> str:
    """One card per report, by chapter: its first picture, its question and its verdicts."""
    reports = report.in_order(ROOT / "reports" / "textbook")
    parts = []
    for chapter in dict.fromkeys(one["chapter"] for one in reports):
        cards = [_card(one) for one in reports if one["chapter"] == chapter]
        parts += [f"## {chapter[:1].upper()}{chapter[1:]}", '<div class="gallery" markdown>', *cards, "</div>"]
    return "\n\n".join(parts) or "No report yet: `regexp-reproduce all --out reports/textbook`."


def _card(data: dict[str, Any]) -> str:
    place = f"../../reports/textbook/{data['name']}"
    shown = next((f"[![]({place}/{one['name']}.png)]({place}/index.md)\n\n" for one in data["pictures"] if one["drawn"]), "")
    text = f"**[{data['title']}]({place}/index.md)**\n\n{data['question']} *{summary.verdicts(data)}.*"
    return f'<div class="card" markdown>\n\n{shown}{text}\n\n</div>'


def _outside() -> list[str]:
    """Files of the repository, by their path in it."""
    below = [Path(folder) / name for top in FOLDERS for folder, _, names in os.walk(ROOT / top) for name in names]
    found = [*OWN, *sorted(path.relative_to(ROOT).as_posix() for path in below)]
    return [path for path in found if (ROOT / path).is_file() and not path.startswith("reports/textbook/index.")]


def _on_site(path: str) -> str:
    """Where the site has a file of the repository."""
    return SHOWN.get(path, path.removeprefix(f"{PAGES}/"))


def _in_repository(uri: str) -> str:
    """Where the repository has a file of the site."""
    outside = {_on_site(path): path for path in OWN}
    return outside.get(uri, uri if uri.startswith(FOLDERS) else f"{PAGES}/{uri}")
