"""The data that streams send of a frame, and the choice of the person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from expnet_live.core.arkit import ARKIT, N_BLENDSHAPES
from expnet_live.core.types import Array
from expnet_live.geometry.rotation import quaternion, turns
from expnet_live.live import follower as live
from expnet_live.live.state import LiveFace, LiveState


@dataclass(frozen=True, eq=False)
class Sample:
    """The data sent for a frame: of one face, or of none (`seen` False, the rest 0). All streams share it, and what it
    computes at the first access.

    `time` is the capture time (time.monotonic(), s); `blendshapes` (52,) 0..1 are in ARKit's order, 0 at the rest of
    the person; `rotation` (3,) rad and `translation` (3,) mm of the head; `gaze` (2, 2) rad is as in FaceState. Both
    angles are 0 where the profile's person looks ahead, if that is known; the profile's gain multiplies the rotation.
    `state` is the frame that it was made from, and `face` the face in it; None if it has another origin.
    """

    time: float
    seen: bool
    blendshapes: Array
    rotation: Array
    translation: Array
    gaze: Array
    state: LiveState | None = field(default=None, repr=False)
    face: LiveFace | None = field(default=None, repr=False)

    @classmethod
    def nobody(cls, time: float, state: LiveState | None = None) -> Sample:
        nothing = np.zeros(3, np.float32)
        return cls(time, False, np.zeros(N_BLENDSHAPES, np.float32), nothing, nothing, np.zeros((2, 2)), state)

    @classmethod
    def of(cls, state: LiveState, face: LiveFace | None) -> Sample:
        """The sample of a face in a frame, or of none."""
        if face is None:
            return cls.nobody(state.captured.grabbed, state)
        gaze = np.zeros((2, 2), np.float32) if face.gaze is None else face.gaze
        place = face.state.pose.translation
        return cls(state.captured.grabbed, True, face.weights, face.rotation, place, gaze, state, face)

    @cached_property
    def weights(self) -> list[float]:
        """The blendshapes as plain floats, for protocols that write them one by one."""
        weights: list[float] = np.asarray(self.blendshapes).tolist()
        return weights

    @cached_property
    def named(self) -> dict[str, float]:
        """The blendshapes by name."""
        return dict(zip(ARKIT, self.weights, strict=True))

    @cached_property
    def decimals(self) -> tuple[str, ...]:
        """The blendshapes as texts of four decimals."""
        return tuple(["%.4f" % w for w in self.weights])  # noqa: UP031 - the quickest

    @cached_property
    def percents(self) -> tuple[int, ...]:
        """The blendshapes in whole per cents."""
        return tuple([round(100 * w) for w in self.weights])

    @cached_property
    def turns(self) -> tuple[float, float, float]:
        """Yaw, pitch and roll of the head (rad); see geometry.rotation.turns."""
        return turns(self.rotation)

    @cached_property
    def quaternion(self) -> tuple[float, float, float, float]:
        """x, y, z, w of the head's rotation."""
        return quaternion(self.rotation)

    @cached_property
    def looks(self) -> list[list[float]]:
        """The gaze as plain floats."""
        looks: list[list[float]] = np.asarray(self.gaze).tolist()
        return looks

    def eased(self, share: float) -> Sample:
        """With that share (0..1) of the face, 0 for its rest."""
        return replace(
            self, blendshapes=share * self.blendshapes, rotation=share * self.rotation, gaze=share * self.gaze
        )

    def bent(self, bend: Callable[[Array], Array]) -> Sample:
        """With other blendshapes."""
        return replace(self, blendshapes=bend(self.blendshapes))


class SampleOf:
    """Makes the sample of a frame once for all streams that send the same face, bent in the same way."""

    def __init__(self) -> None:
        self._last: tuple[LiveState, LiveFace | None, Callable[[Array], Array] | None, Sample] | None = None

    def __call__(self, state: LiveState, face: LiveFace | None, bend: Callable[[Array], Array] | None) -> Sample:
        last = self._last  # replaced as a whole, because senders have several threads
        if last is not None and last[0] is state and last[1] is face and last[2] is bend:
            return last[3]
        sample = Sample.of(state, face)
        if bend is not None and sample.seen:
            sample = sample.bent(bend)
        self._last = state, face, bend, sample
        return sample


class Follower:
    """Finds the person in the frames: the one whom the window follows, or else by a rule of its own."""

    def __init__(self) -> None:
        self._own = live.Follower()

    def face(self, state: LiveState) -> LiveFace | None:
        """The person's face in this frame, or None while they are away."""
        captured, faces = state.captured, {f.state.face: f for f in state.faces}
        if state.person is not None:
            return faces.get(state.person)
        number = self._own.follow(captured.generation, captured.grabbed, list(faces))
        return None if number is None else faces[number]
