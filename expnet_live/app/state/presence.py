"""Decides whether there is a face to mirror: new faces must stay for a moment; without a face, the head goes to
rest.
"""

from __future__ import annotations

from dataclasses import replace

from expnet_live.core.types import Pose
from expnet_live.live.fading import FADES, share_left
from expnet_live.live.state import LiveFace, LiveState

CONFIRMED = 0.2  # s for which a face must be visible before it moves the head
_FORGOTTEN = 2.0  # s after which a face must be confirmed again


class Confirmation:
    """Excludes faces that have not been visible long enough: a picture on a wall may look like one for a moment.

    `waiting`: whether the newest state had such a face.
    """

    def __init__(self) -> None:
        self.waiting = False
        self._first: dict[int, float] = {}
        self._last: dict[int, float] = {}

    def reset(self) -> None:
        """Reset for another source, which numbers its faces from the start."""
        self.waiting = False
        self._first.clear()
        self._last.clear()

    def confirmed(self, state: LiveState, at_once: bool) -> LiveState:
        """The state without new faces; `at_once`: there is only this picture, as in a paused clip."""
        time = state.captured.frame.timestamp
        for number in [n for n, last in self._last.items() if time - last > _FORGOTTEN]:
            del self._first[number], self._last[number]
        for face in state.faces:
            number = face.state.face
            self._first.setdefault(number, time - CONFIRMED if at_once else time)
            self._last[number] = time
        kept = tuple(f for f in state.faces if time - self._first[f.state.face] >= CONFIRMED - 1e-6)
        self.waiting = len(kept) < len(state.faces)
        return replace(state, faces=kept) if self.waiting else state


class Presence:
    """Follows the mirrored face; `share`, 0..1, is how much of it the head still shows."""

    def __init__(self) -> None:
        self._face: LiveFace | None = None
        self._gone: float | None = None

    def leave(self, now: float) -> None:
        """Note that the source ends at time.monotonic() `now`."""
        self._gone = now if self._gone is None else self._gone

    def see(self, state: LiveState) -> None:
        """Take the next state to show."""
        if state.faces:
            self._face, self._gone = state.faces[0], None
        elif state.processed and self._gone is None:
            self._gone = state.finished

    def share(self, now: float) -> float:
        """`now`: time.monotonic(), s."""
        if self._face is None or self._gone is None:
            return 1.0
        return share_left(now - self._gone)

    def face(self, share: float) -> LiveFace | None:
        """The last face with that share of its expression and pose, or None before the first."""
        return self._face if self._face is None or share == 1 else _eased(self._face, share)


def _eased(face: LiveFace, share: float) -> LiveFace:
    seen = face.state
    pose = Pose(share * face.rotation, seen.pose.translation)
    gaze = None if face.gaze is None else share * face.gaze
    actions = None if face.blendshapes is None else share * face.blendshapes
    time = seen.timestamp + (1 - share) * FADES  # about, for what swings
    state = replace(seen, pose=pose, gaze=gaze, timestamp=time)
    return replace(face.in_place, state=state, expression=share * face.expression, blendshapes=actions)
