"""Whose the profile of a session is that is made of a video: nobody chose a face there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from expnet_live.core.types import FaceState
from expnet_live.live.owner import Owner
from expnet_live.person.person import Person
from expnet_live.pipeline.appearance import Appearance
from expnet_live.sessions.recording.writer import SessionWriter


class Whose:
    """Takes the faces of each frame in order, then notes in the session whose face the profile `person` is."""

    def __init__(self, person: Person) -> None:
        self._person, self._owner = person, Owner()
        self._latest: int | None = None

    def see(self, faces: Sequence[FaceState], looks: Mapping[int, Appearance]) -> None:
        """Note a frame; the first face is the longest known."""
        if self._person.identity is not None and faces and self._owner.owns(faces[0], looks, self._person):
            self._latest = faces[0].face

    def note(self, writer: SessionWriter) -> None:
        """Raises OSError."""
        if self._latest is not None:
            writer.note_mirrored(self._latest)
