"""Recognizes tables that a spreadsheet saved with other separators than commas, as it does in many languages."""

from __future__ import annotations

from expnet_live.core.errors import UserError

_OTHERS = {";": "semicolons", "\t": "tabs"}


def check_commas(header: str, name: object) -> None:
    """Raises UserError if the columns in the first line of the table `name` are separated by anything but commas."""
    header = header.rstrip("\r\n")
    most = max(_OTHERS, key=header.count)
    if header.count(most) > header.count(",") and header.replace("\t", "").isprintable():
        raise UserError(
            f"The columns of {name} are separated by {_OTHERS[most]}; save it as CSV with commas, and with points in "
            "its decimal numbers."
        )
