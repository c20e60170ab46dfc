"""How an object shows itself in a notebook: text as it is printed, and a picture below it."""

from __future__ import annotations

import base64
import html
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def png(figure: Figure) -> bytes:
    """The picture as a file's content."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=100)
    return stream.getvalue()


def page(text: str, picture: bytes | None) -> str:
    """Both in one piece of HTML."""
    shown = f'<img src="data:image/png;base64,{base64.b64encode(picture).decode()}">' if picture else ""
    return f"<pre>{html.escape(text)}</pre>{shown}"
