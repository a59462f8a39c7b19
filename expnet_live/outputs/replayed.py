"""A face of a recorded session, moment by moment, as if it were live."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from expnet_live.avatars.swinging import Swings
from expnet_live.core.types import Array
from expnet_live.heads.head import Head
from expnet_live.live.state import LiveFace
from expnet_live.outputs.export.track import as_shown, identity_of, is_own, track
from expnet_live.sessions.format.info import SessionInfo
from expnet_live.sessions.format.table import Rows
from expnet_live.sessions.reading.session import Session


@dataclass(frozen=True, eq=False)
class Replayed:
    """`rows` are the track (T rows, one per frame) of a face as measured, and `shown` the same rows with its neutral
    subtracted and its gains applied, and head and eyes turned beside the look ahead. `identity` (K,) is 0 if the face
    was never seen. `own`: whether it is the face of the session's profile.
    """

    info: SessionInfo
    rows: Rows
    shown: Rows
    identity: Array
    own: bool

    @classmethod
    def of(cls, session: Session, face: int | None) -> Replayed:
        """The track of `face`, or of each frame's only one where it is None."""
        info, all_rows = session.info, session.rows
        rows = track(all_rows, face)
        shown = track(as_shown(all_rows, info), face)
        # A long session's other columns are large: both share them.
        changed = ("expression", "blendshapes", "rotation", "gaze")
        shown = replace(rows, **{name: getattr(shown, name) for name in changed})
        if not (rows.face >= 0).any():
            return cls(info, rows, shown, np.zeros(info.n_identity, np.float32), own=False)
        return cls(info, rows, shown, identity_of(all_rows, rows, info), is_own(all_rows, rows, info))

    def faces(self, row: int, head: Head, swings: Swings) -> tuple[LiveFace, ...]:
        """The face of that row on a head, or none where it was not seen."""
        face, shown = int(self.rows.face[row]), self.shown
        if face < 0:
            return ()
        live = LiveFace(
            self.rows.state_of(row),
            shown.expression[row],
            self.identity,
            head,
            shown.blendshapes_of(row),
            skin=self.info.skin_of(face),
            swings=swings,
            own=self.own,
            straight=shown.rotation[row],
            aim=shown.gaze_of(row),
        )
        return (live,)
