"""The documents: what the reports say in them, their commands in two languages, a card per regularizer, and the site."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
ENGLISH, CHINESE = (ROOT / name for name in ("README.md", "README.zh-CN.md"))
CARDS = ROOT / "docs" / "pages" / "methods"
SECTIONS = ["Formula", "Try", "When it helps", "Suggested values", "Interactions", "Reference", "API"]
REGULARIZERS = sorted(path.stem for path in (ROOT / "conf" / "regularizer").glob("*.yaml"))
PROGRAMS = r"(?:regexp-\w+|make|python|pip|pytest|tensorboard|mkdocs|\.venv/bin/\w+)"


def script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


update = script("update_documents")
DOCUMENTS = update.documents()


def blocks(text):
    """What stands in fenced blocks without a language."""
    return re.findall(r"^```\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands(text):
    """What a reader types: lines of such blocks, and code in the running text."""
    lines = [line for block in blocks(text) for line in block.splitlines()]
    return [line for line in [*lines, *re.findall(r"`([^`\n]+)`", text)] if re.match(rf"{PROGRAMS}( |$)", line)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_says_what_the_reports_say(document):
    """If not: python scripts/update_documents.py."""
    reports = {data["name"]: data for data in update.report.read_all(update.REPORTS)}
    text = document.read_text(encoding="utf-8")
    assert update.updated(text, document.parent, reports) == text


def test_a_block_is_made_from_the_report(tmp_path):
    row = {"name": "small", "says": "It is small", "value": "0.3", "interval": "[0.1, 0.5]", "n": 6, "remark": ""}
    row |= {"role": "primary", "verdict": "holds"}
    shown = {**row, "name": "seen", "says": "It is seen", "verdict": "shown", "role": ""}
    drawn = [{"name": "curves", "title": "Curves", "drawn": True}]
    data = {"name": "mine", "title": "Mine", "claims": [row, shown], "pictures": drawn}
    marks = ["verdicts mine", "verdicts mine seen", "verdicts other", "picture mine curves", "values max_norm"]
    text = "\n".join(f"<!-- report: {mark} -->\nbefore\n<!-- /report -->" for mark in marks)
    found = update.updated(text, ROOT / "docs" / "pages", {"mine": data})
    primary, seen, other, picture, values = found.split("<!-- /report -->")[:-1]
    assert "before" not in found and update.updated(found, ROOT / "docs" / "pages", {"mine": data}) == found
    assert "| It is small | 0.3 [0.1, 0.5] | 6 | **holds** |" in primary and "It is seen" not in primary
    assert "(../../reports/textbook/mine/index.md)" in primary
    assert "| It is seen | 0.3 [0.1, 0.5] | 6 | shown |" in seen and "It is small" not in seen
    assert "`regexp-reproduce other`" in other
    assert "![Curves](../../reports/textbook/mine/curves.png)" in picture
    assert "| `limit` | 3.0 | inf | 0.3 to 10, logarithmic |" in values
    with pytest.raises(SystemExit, match="mine has no claim smal: it has small, seen"):
        update.updated("<!-- report: verdicts mine smal -->\n<!-- /report -->", ROOT, {"mine": data})


def test_the_marks_name_experiments_and_claims_that_there_are():
    protocols = update.read_all(update.config_folder() / "reproduce")
    for document in DOCUMENTS:
        for kind, *words in map(str.split, re.findall(r"<!-- report: (.+?) -->", document.read_text(encoding="utf-8"))):
            assert kind in update.BLOCKS
            if kind in ("verdicts", "paragraph", "picture"):
                protocol = protocols[words[0]]
                known = protocol.pictures if kind == "picture" else protocol.claims
                assert set(words[1:]) <= {one.name for one in known}, (document.name, words)


def test_the_chinese_readme_has_the_english_commands():
    english, chinese = (path.read_text(encoding="utf-8") for path in (ENGLISH, CHINESE))
    assert set(commands(chinese)) - set(with_chinese_names(chinese)) <= set(commands(english))
    typed = [[row.split(" | ")[1] for row in text.splitlines() if "| `regexp-train " in row] for text in (english, chinese)]
    assert typed[0] == typed[1] and len(typed[0]) > 10
    assert blocks(english.partition("\n## Install\n")[2])[:2] == blocks(chinese.partition("\n## 安装\n")[2])[:2]


def with_chinese_names(text):
    return [line for line in commands(text) if not line.isascii()]


def test_the_commands_with_chinese_names_train(command_line, tmp_path):
    """And what is typed without quotes is answered with these very words."""
    rows = [f"{i},{40 + i % 37},{i % 9},{2 * (i % 37) + i % 9 + i % 4}\n" for i in range(60)]
    (tmp_path / "房价.csv").write_text("编号,面积,楼层,价格\n" + "".join(rows), encoding="utf-8")
    lines = with_chinese_names(CHINESE.read_text(encoding="utf-8"))
    assert {key for line in lines for key in re.findall(r'"dataset\.(\w+)=', line)} == {"path", "target", "features", "drop"}
    for line in lines:
        words = shlex.split(line)[1:]
        done = command_line(*words, "epochs=1", "curves=false")
        assert done.code == 0, done.stderr
        bare = command_line(*(word.replace("'", "") for word in words))
        quoted = [f'"{word}"' for word in words if not word.isascii()]
        assert bare.code == 1 and [told.rpartition(": ")[2] for told in bare.stderr.splitlines()] == quoted


def test_the_plain_lines_stand_beside_make():
    for path in (ENGLISH, CHINESE):
        text = path.read_text(encoding="utf-8")
        for line in ("make train", "make test", "python -m venv .venv", ".venv/bin/regexp-train", ".venv/bin/pytest"):
            assert f"\n{line}\n" in text
        assert re.search(r"^\.venv/bin/python -m pip install .*\.\[dev\]", text, re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_are_quoted_as_every_shell_reads_them(document):
    """cmd.exe knows double quotes only, zsh looks for files by brackets and stars, PowerShell splits at commas."""
    for line in commands(document.read_text(encoding="utf-8")):
        typed = line.partition(" #")[0]
        assert not re.search(r"[][(),*?{}<>']", re.sub(r'"[^"]*"', "", typed)), line


@pytest.mark.parametrize("document", [ENGLISH, CHINESE, *(ROOT / "docs" / "pages").rglob("*.md")], ids=lambda path: path.name)
def test_links_lead_somewhere(document):
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        assert (document.parent / target).exists(), target


@pytest.mark.parametrize("name", REGULARIZERS)
def test_a_regularizer_has_its_card(name):
    text = (CARDS / f"{name}.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert f'`"regularizer=[{name}]"`' in text and "\n$$\n" in text
    assert f"<!-- report: values {name} -->" in text
    (home,) = re.findall(r"^::: (\S+)$", text, re.MULTILINE)
    node = yaml.safe_load((ROOT / "conf" / "regularizer" / f"{name}.yaml").read_text(encoding="utf-8"))[name]
    assert home == node["_target_"]
    assert f"]({name}.md)" in (CARDS / "index.md").read_text(encoding="utf-8")
    assert f"methods/{name}.md" in ENGLISH.read_text(encoding="utf-8")


def test_there_is_no_card_of_what_is_not_there():
    assert sorted(path.stem for path in CARDS.glob("*.md")) == sorted([*REGULARIZERS, "index"])


def test_the_site_is_built_without_a_warning(tmp_path):
    for package in ("mkdocs", "material", "mkdocstrings", "latex2mathml"):
        if not importlib.util.find_spec(package):
            pytest.skip(f"{package} is not installed: python -m pip install -e .[docs]")
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "-f",
        str(ROOT / "docs" / "mkdocs.yml"),
        "-d",
        str(tmp_path),
    ]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment, timeout=300)
    assert done.returncode == 0, done.stderr

    def page(name):
        return (tmp_path / name).read_text(encoding="utf-8")

    for data in update.report.read_all(update.REPORTS):
        assert f"reports/textbook/{data['name']}/index.html" in page("gallery.html")
        assert data["title"].partition("'")[0] in page(f"reports/textbook/{data['name']}/index.html")
    for name in REGULARIZERS:
        assert "<math" in page(f"methods/{name}.html") and "Reference:" in page(f"methods/{name}.html")
    assert '<div class="language-sh highlight">' in page("data.html"), "commands that wrap"
    calls = page("api/calls.html")
    assert "Train experiments as one stack" in calls and ":class:" not in calls and "<blockquote>" not in calls
    for file in tmp_path.rglob("*.html"):  # nothing is fetched from elsewhere
        assert not re.findall(r"<(?:script|img|link)[^>]+(?:src|href)=\"https?://", file.read_text(encoding="utf-8")), file
