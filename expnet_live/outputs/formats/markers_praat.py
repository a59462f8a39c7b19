"""Markers for Praat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from expnet_live.outputs.export.marks import MarkerFile, text_grid

if TYPE_CHECKING:
    from expnet_live.sessions.format.markers import Marker
    from expnet_live.sessions.reading.session import Session


class MarkersPraat(MarkerFile):
    name, title, ending = "textgrid", "Markers for Praat (TextGrid)", "_markers.TextGrid"
    about = "the markers as points for Praat"
    details = "a tier *markers* of points, at the markers' times"
    opens_in = "Praat, ELAN, parselmouth"

    def text(self, marks: Sequence[Marker], length: float, session: Session) -> str:
        return text_grid(marks, length)


FORMAT = MarkersPraat()
