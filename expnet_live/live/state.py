"""The state that the inference thread hands on to views and outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from expnet_live.avatars.avatar import Avatar, Posed, posed
from expnet_live.avatars.swinging import Swings
from expnet_live.core.arkit import N_BLENDSHAPES
from expnet_live.core.types import Array, FaceState, Pose
from expnet_live.heads.built_in import face_model
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.head import Head
from expnet_live.live.capture_worker import Captured
from expnet_live.pipeline.appearance import Appearance


@dataclass(frozen=True)
class Settings:
    """The settings of the pipeline. `model`: one of MODELS or a file of weights, None for the built-in model. `device`:
    auto, cpu, cuda or mps. `smoothing`: off, responsive, balanced or stable. `max_faces`: how many are followed.

    >>> Settings(smoothing="stable", max_faces=2).device
    'auto'
    """

    model: str | None = None
    device: str = "auto"
    smoothing: str = "balanced"
    max_faces: int = 1


@dataclass(frozen=True, eq=False)
class LiveFace:
    """A face as the pipeline measured it, and as it is shown.

    `expression` (n,) has the person's neutral subtracted and the gains applied, and so have `blendshapes` (52,), None
    if the model has none; `rested` (52,) are the same before the person's full actions and gains; `identity` (K,);
    `head` is the head that shows the face, in the tone `skin`, sRGB (3,) 0..255, None: its own; its hair swings by
    `swings`, or is stiff. `own`: whether it is the profile's person, with their neutral and gains.
    `straight` (3,) rad and `aim` (2, 2) rad are the head's rotation and the gaze beside those of the person who looks
    ahead, the rotation multiplied by the person's gain; None: as measured.
    """

    state: FaceState
    expression: Array
    identity: Array
    head: Head
    blendshapes: Array | None = None
    rested: Array | None = None
    skin: Array | None = None
    swings: Swings | None = None
    own: bool = True
    straight: Array | None = None
    aim: Array | None = None

    @property
    def rotation(self) -> Array:
        """The head's rotation (3,) rad to show."""
        return self.state.pose.rotation if self.straight is None else self.straight

    @property
    def gaze(self) -> Array | None:
        """The gaze (2, 2) rad to show."""
        return self.state.gaze if self.aim is None else self.aim

    @property
    def pose(self) -> Pose:
        """The head's pose to show."""
        pose = self.state.pose
        return pose if self.straight is None else Pose(self.straight, pose.translation)

    @cached_property
    def in_place(self) -> LiveFace:
        """The same face turned as the camera sees it, to be drawn over the camera's picture."""
        return self if self.straight is None else replace(self, straight=None, aim=None)

    @property
    def vertices(self) -> Array:
        """Vertices (V, 3) mm of the head in the model's frame; an avatar's are turned."""
        return self._turned.vertices

    @property
    def normals(self) -> Array:
        """Unit normals (V, 3) of the vertices."""
        return self._turned.normals

    def drawn(self, follow: bool = True) -> Posed:
        """The mesh, and the pose in which to draw it: an avatar has turned its head itself, if it is to `follow`.

        The first call takes milliseconds, as does the first access to vertices or normals.
        """
        return self._turned if follow or not isinstance(self.head, Avatar) else self._straight

    @cached_property
    def _turned(self) -> Posed:
        return self._posed(True)

    @cached_property
    def _straight(self) -> Posed:
        return self._posed(False)

    def _posed(self, turned: bool) -> Posed:
        state = self.state
        return posed(
            self.head, self.expression, self.identity, self.gaze, self.blendshapes,
            self.pose, turned, self.swings, state.timestamp, state.face,
        )  # fmt: skip

    @cached_property
    def weights(self) -> Array:
        """The blendshapes (52,) of the model, or those nearest to its coefficients, whatever head shows them; the first
        access computes them. 0 if the coefficients are not our face model's.
        """
        if self.blendshapes is not None:
            return self.blendshapes
        model = self.head if isinstance(self.head, FaceModel) else face_model()
        if self.head.names != model.names:
            return np.zeros(N_BLENDSHAPES, np.float32)
        return model.blendshapes_of(self.expression)

    def fits(self, head: Head) -> bool:
        """Whether the same coefficients drive another head."""
        return (head.names, head.n_identity) == (self.head.names, self.head.n_identity)

    def on(self, head: Head) -> LiveFace:
        """The same face on another head, which it fits."""
        return replace(self, head=head)


@dataclass(frozen=True)
class LiveState:
    """A frame and its faces, first that of the person with the profile, then the longest known.

    `stages` maps a stage to seconds, `finished` is time.monotonic() at the end of processing;
    `processed` is False for a frame that was only passed on because the network is not ready;
    `person` is the number of the face of the person with the profile, also while they are away, None if unknown;
    `frame_drops` counts frames dropped because the network was busy; `looks` are the appearances of the tracked faces
    by number.
    """

    captured: Captured
    faces: tuple[LiveFace, ...]
    stages: dict[str, float]
    finished: float
    processed: bool
    frame_drops: int = 0
    calibration: float | None = None
    person: int | None = None
    looks: Mapping[int, Appearance] = field(default_factory=dict)
