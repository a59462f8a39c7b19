"""Tables that a spreadsheet saved with other separators than commas, as it does in many languages."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from expnet_live.core.errors import UserError

_OTHERS = {";": "semicolons", "\t": "tabs"}


def rows_of(text: str) -> csv.DictReader[str]:
    """The rows of a table by the names in its header, whatever separates its columns."""
    return csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter_of(text.partition("\n")[0]))


@contextmanager
def table_rows(path: Path) -> Iterator[csv.DictReader[str]]:
    """The rows of a user's table. Raises UserError, also if one that is read in the block is damaged."""
    if not path.is_file():
        raise UserError(f"There is no table {path}; check the name.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as e:
        raise UserError(f"{path} cannot be read ({e}); write a table as text in UTF-8.") from e
    rows = rows_of(text)
    try:
        yield rows
    except csv.Error as e:
        raise UserError(f"{path} is damaged after line {rows.line_num} ({e}); correct it.") from e


def delimiter_of(header: str) -> str:
    """What separates the columns in the first line of a table: a comma, a semicolon or a tab.

    >>> delimiter_of("source;person")
    ';'
    """
    most = max(_OTHERS, key=header.count)
    return most if header.count(most) > header.count(",") else ","


def check_commas(header: str, name: object) -> None:
    """Raises UserError if anything but commas separates the columns in the first line of the table `name`. Decimal
    numbers are then often written with commas."""
    header = header.rstrip("\r\n")
    found = delimiter_of(header)
    if found in _OTHERS and header.replace("\t", "").isprintable():
        raise UserError(
            f"The columns of {name} are separated by {_OTHERS[found]}; save it as CSV with commas, and with points in "
            "its decimal numbers."
        )
