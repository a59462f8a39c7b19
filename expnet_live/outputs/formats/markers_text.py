"""Markers as plain text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from expnet_live.outputs.export.marks import MarkerFile, table

if TYPE_CHECKING:
    from expnet_live.sessions.format.markers import Marker
    from expnet_live.sessions.reading.session import Session


class MarkersText(MarkerFile):
    name, title, ending = "markers", "Markers (text)", "_markers.txt"
    about = "the markers as a table, a line for each"
    details = "a line for each marker: seconds from the session's start, label and colour (#rrggbb), between tabs"
    opens_in = "pandas, R, spreadsheets"

    def text(self, marks: Sequence[Marker], length: float, session: Session) -> str:
        return table(marks)


FORMAT = MarkersText()
