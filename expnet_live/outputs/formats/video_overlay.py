"""The recorded video with the mesh over every face."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.outputs.export.format import Format, Written

if TYPE_CHECKING:
    from expnet_live.outputs.export.excerpt import Excerpt
    from expnet_live.sessions.reading.session import Session


class Overlay(Format):
    name, title, ending = "overlay", "Video with mesh (MP4)", "_overlay.mp4"
    about = "the recorded video with the measured mesh over every face"
    details = (
        "the video (MP4) with the measured mesh over every face, or another head (`--head`) in its place; the neutral, "
        "part of the face, is always kept"
    )
    opens_in = "any player"
    takes = frozenset({"fps", "style", "head"})
    measured = True  # the mesh matches the face only with its own neutral

    def why_not(self, session: Session) -> str | None:
        return "The session has no video to draw over; choose another format." if session.video is None else None

    def write(self, excerpt: Excerpt, path: Path) -> Written:
        from expnet_live.outputs.export.overlay import write_overlay

        return write_overlay(excerpt, path)


FORMAT = Overlay()
