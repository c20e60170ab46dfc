"""Where the four files of Fashion-MNIST may lie, and what to do when they are nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from regexp.datasets import raw_files
from regexp.datasets.dataset import DataError
from regexp.datasets.raw_files import Contents, RawFile
from regexp.datasets.roots import roots

FILES = (
    RawFile("train-images-idx3-ubyte", 47040016, "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
    RawFile("train-labels-idx1-ubyte", 60008, "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
    RawFile("t10k-images-idx3-ubyte", 7840016, "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
    RawFile("t10k-labels-idx1-ubyte", 10008, "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
)
_LINES = 6
"""Of an error message at most, so that the whole advice has 15."""
SYSTEM_FOLDERS = (Path("/usr/share/datasets/fashion-mnist"), Path("~/.keras/datasets/fashion-mnist"))
"""Debian's package ``dataset-fashion-mnist``, and what Keras has downloaded."""


def load(root: str | None, download: bool, mirrors: Sequence[str] = ()) -> Contents:
    """The verified contents of the four files, by name; unpacked or downloaded files stay in ``root`` (or the cache).

    ``mirrors``: addresses that hold the four archives, tried before torchvision's. Raises :class:`DataError` where a file is
    missing or wrong, with its expected SHA-256.
    """
    places, folders = roots(root), _folders(root)

    def fetched() -> Contents:
        if not download:
            raise DataError(_advice(folders, places[0], "dataset.download=false"))
        from torchvision.datasets import FashionMNIST

        from regexp.datasets.download import fetch

        try:
            return fetch(FILES, [*mirrors, *FashionMNIST.mirrors])
        except DataError as error:
            raise DataError(_advice(folders, places[0], f"the download failed: {_brief(str(error))}")) from error

    return raw_files.load(FILES, folders, _store(places[0]), fetched)


def found(root: str | None) -> Path | None:
    """The folder in which the files lie, None if they are nowhere: after :func:`load` it is the one that it has used."""
    files = raw_files.locate(FILES, _folders(root))
    return files[0].parent if files else None


def _folders(root: str | None) -> list[Path]:
    """All places to look in, in their order."""
    own = [folder for path in roots(root) for folder in (_store(path), path, path / "FashionMNIST" / "raw")]
    return [*own, *(folder.expanduser() for folder in SYSTEM_FOLDERS)]


def _store(root: Path) -> Path:
    return root / "fashion_mnist"


def _brief(error: str) -> str:
    """As many of a message's lines as leave the advice on one screen."""
    lines = error.splitlines()
    return "\n".join([*lines[:_LINES], *(["..."] if len(lines) > _LINES else [])])


def _advice(folders: list[Path], root: Path, why: str) -> str:
    return "\n".join(
        [
            f"Fashion-MNIST was not found ({why})",
            f"Looked in: {', '.join(map(str, dict.fromkeys(folders)))}",
            "Either: apt-get install dataset-fashion-mnist",
            f"or put these files, raw or as .gz, into {root} or into any folder that you name by dataset.root=FOLDER:",
            *(f"  {file}" for file in FILES),
        ]
    )
