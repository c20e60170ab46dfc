"""Tables on disk, read with pandas: CSV (also with semicolons or tabs), Parquet, NPZ."""

from __future__ import annotations

import functools
import hashlib
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from regexp.rules import Invalid

if TYPE_CHECKING:
    import pandas as pd

WORDS = "words"
"""The attribute of a table that says for each column which texts in it were read as missing values."""

KINDS = (".csv", ".tsv", ".csv.gz", ".parquet", ".npz")


def read(path: str) -> tuple[pd.DataFrame, str]:
    """The table in a file and the file's SHA-256; read once, until the file changes.

    An NPZ file holds one array per column; an array of several columns, ``x``, is read as ``x_0``, ``x_1``, ...
    Raises :class:`regexp.Invalid` where there is no such file, or no table in it.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise _wrong(f"must name a file, got {path!r}, and there is none at {file.absolute()}")
    if not file.name.lower().endswith(KINDS):
        raise _wrong(f"must end in {', '.join(KINDS)}, got {path!r}")
    about = file.stat()
    return _read(file.resolve(), about.st_mtime_ns, about.st_size)


@functools.lru_cache(maxsize=8)
def _read(file: Path, changed: int, size: int) -> tuple[pd.DataFrame, str]:
    try:
        table = _parse(file)
    except UnicodeDecodeError as error:
        raise _wrong(f"must be a UTF-8 file, got {str(file)!r} ({error}): save it again as UTF-8") from error
    except ImportError as error:
        raise _wrong(f'needs pyarrow to be read, got {str(file)!r}: pip install "regexp[parquet]", or save a CSV') from error
    except (ValueError, KeyError, OSError) as error:  # pandas' and numpy's errors of parsing are among them
        raise _wrong(f"must hold a table, got {str(file)!r}: {error}") from error
    table.columns = [str(name) for name in table.columns]
    if twice := sorted(set(table.columns[table.columns.duplicated()])):
        raise _wrong(f"must hold a table with distinct column names, got {', '.join(twice)} several times")
    if not len(table):
        raise _wrong(f"must hold a table with rows, got {str(file)!r} with none")
    return table, hashlib.sha256(file.read_bytes()).hexdigest()


def _parse(file: Path) -> pd.DataFrame:
    import pandas as pd

    if file.suffix.lower() == ".parquet":
        table = pd.read_parquet(file, engine="pyarrow")
        return table.reset_index([name for name in table.index.names if name is not None])
    if file.suffix.lower() == ".npz":
        return _of_arrays(file)
    head = pd.read_csv(file, sep="\0", nrows=1, header=None, dtype=str, encoding="utf-8-sig", engine="c").iloc[0, 0]
    separator = max(",;\t", key=str(head).count)
    table = _read_csv(file, separator)
    header = pd.read_csv(file, sep=separator, nrows=1, header=None, dtype=str, encoding="utf-8-sig").iloc[0]
    if header.dropna().duplicated().any():  # pandas has renamed the second y to y.1
        table.columns = header.fillna("")
    elif len(gaps := table.columns[table.isna().any()]):
        texts = pd.read_csv(
            file, sep=separator, encoding="utf-8-sig", usecols=gaps, dtype=str, keep_default_na=False, index_col=False
        )
        table.attrs[WORDS] = {str(name): sorted({*texts[name][table[name].isna()]} - {""}) for name in gaps}
    return table


def _read_csv(file: Path, separator: str) -> pd.DataFrame:
    """The table; a separator at the end of every row is none, and what the header does not name is no name of a row."""
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            return pd.read_csv(file, sep=separator, encoding="utf-8-sig", index_col=False)
        except pd.errors.ParserWarning as error:
            first = pd.read_csv(file, sep=separator, encoding="utf-8-sig", header=None, skiprows=1, nrows=1)
            named = len(pd.read_csv(file, sep=separator, encoding="utf-8-sig", index_col=False, nrows=0).columns)
            raise ValueError(f"its rows have {first.shape[1]} cells, and its header {named}: name every column") from error


def _of_arrays(file: Path) -> pd.DataFrame:
    import pandas as pd

    with np.load(file, allow_pickle=False) as arrays:
        found = {name: arrays[name] for name in arrays.files}
    columns = {}
    for name, array in found.items():
        if array.ndim == 1:
            columns[name] = array
        elif array.ndim == 2:
            columns |= {f"{name}_{i}": array[:, i] for i in range(array.shape[1])}
        else:
            raise ValueError(f"array {name} must have one or two axes, got {array.ndim}")
    if len(lengths := {len(array) for array in columns.values()}) > 1:
        raise ValueError(f"its arrays must have one length, got {sorted(lengths)}")
    return pd.DataFrame(columns)


def _wrong(text: str) -> Invalid:
    return Invalid("Table", [("path", text)])
