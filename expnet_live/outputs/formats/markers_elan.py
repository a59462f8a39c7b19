"""Markers for ELAN."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from expnet_live.outputs.export.marks import MarkerFile, elan

if TYPE_CHECKING:
    from expnet_live.sessions.format.markers import Marker
    from expnet_live.sessions.reading.session import Session


class MarkersElan(MarkerFile):
    name, title, ending = "eaf", "Markers for ELAN (EAF)", "_markers.eaf"
    about = "the markers as annotations for ELAN"
    details = (
        "a tier *markers*: an annotation begins at each marker and lasts to the next one, or to the session's end; it "
        "names the session's video"
    )
    opens_in = "ELAN, pympi"

    def text(self, marks: Sequence[Marker], length: float, session: Session) -> str:
        return elan(marks, length, session)


FORMAT = MarkersElan()
