"""Docstrings as Markdown: doctests become fenced code, and ``:class:`regexp.Result``` the name as code."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Object

ROLE = re.compile(r":(?:class|func|mod|attr|meth):`~?([^`]+)`")
DOCTEST = re.compile(r"^(>>> .*(?:\n.+)*)", re.MULTILINE)


class AsMarkdown(Extension):
    """Rewrites every docstring as it is read."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        if obj.docstring:
            named = ROLE.sub(r"`\1`", obj.docstring.value)
            obj.docstring.value = DOCTEST.sub(r"```pycon\n\1\n```", named)
