"""OpenSeeFace's packets over UDP: to VSeeFace's own input, and other programs that listen to that tracker.

OpenSeeFace solves for a pose with rows and columns swapped and the head behind the camera; receivers expect that.
"""

from __future__ import annotations

import math
import struct
from operator import mul

import numpy as np

from expnet_live.core.arkit import INDEX
from expnet_live.core.types import Array
from expnet_live.geometry.camera import Camera
from expnet_live.geometry.rotation import matrix_rows
from expnet_live.heads.built_in import face_model
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.topology import ibug_points
from expnet_live.outputs.address import Address
from expnet_live.outputs.datagrams import Datagrams
from expnet_live.outputs.output import OutputKind, Sender
from expnet_live.outputs.sample import Sample

_SCALE = 1 / 122  # of its head, whose pupils are .516 apart, to a millimetre
_EYE = 0.1046  # from the centre of an eyeball to its pupil, in its unit
_NOSE = 30  # which lies at the origin of its head
_SIZE = 640, 480  # of a picture where there is none
# Its 66 points are iBUG's without the outer corners of the mouth.
_POINTS = [i for i in range(68) if i not in (48, 54)]
_EYES = ((36, 39), (42, 45))  # the corners of the person's right eye, and of the left
_OUTWARDS = (-1, 0, 0), (0, -1, 0), (0, 0, -1)  # the packet's points are x to the person's right, y down, z back
_BLINKS = [INDEX["eyeBlinkRight"], INDEX["eyeBlinkLeft"]]
# time; number; width, height; how far the right and the left eye are open; fits; error; quaternion, Euler angles and
# translation; confidences. Then 68 points in the picture, 70 in space, and the features.
_HEAD, _FEATURES = struct.Struct("<di4fBf4f3f3f68f"), struct.Struct("<14f")


class OpenSeeFace(OutputKind):
    name, port = "openseeface", 11573
    about = "OpenSeeFace over UDP: VSeeFace's own tracking input"

    def open(self, address: Address) -> Sender:
        return _Tracker(address)


class _Tracker(Datagrams):
    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self._landmarks: _Landmarks | None = None

    def packets(self, sample: Sample) -> list[bytes]:
        """One; without a face none, as its own tracker does."""
        if not sample.seen:
            return []
        face = sample.face
        model = face.head if face is not None and isinstance(face.head, FaceModel) else face_model()
        if self._landmarks is None or self._landmarks.model is not model:
            self._landmarks = _Landmarks(model)
        return [packet(sample, self._landmarks.of(sample))]


class _Landmarks:
    """OpenSeeFace's 70 points of a face, in its unit, around the tip of the nose: landmarks, pupils, eyeballs' centres.
    At last the tip of the nose itself, in the model's frame. All are linear in the points of the Face Mesh."""

    def __init__(self, model: FaceModel) -> None:
        self.model = model
        self._mean = _around_nose(model.mean)
        self._mean[66:70, 2] -= _EYE
        self._actions, self._identities = _fields(model.rig.base), _fields(model.identity)
        self._nobody = np.zeros(model.n_identity, np.float32)
        self._meet(self._nobody)

    def of(self, sample: Sample) -> Array:
        """(71, 3) float32."""
        identity = self._nobody if sample.face is None else sample.face.identity
        if identity is not self._identity:
            self._meet(identity)
        rows = self.model.rig.rows(sample.blendshapes)
        for blink, eye in zip(_BLINKS, self._eyes, strict=True):
            rows[blink] *= eye
        points: Array = self._resting + (rows @ self._actions).T
        return points

    def _meet(self, identity: Array) -> None:
        """Their face at rest, and how far a blink moves their lids."""
        self._identity = identity
        self._resting = self._mean + (identity @ self._identities).T
        self._eyes = self.model.eyes(identity).tolist()


def _fields(basis: Array) -> Array:
    """One matrix for each of x, y, z (3, k, 71): products of these sizes do not wake further threads."""
    return np.ascontiguousarray(np.stack([_around_nose(field) for field in basis]).transpose(2, 0, 1))


def _around_nose(points: Array) -> Array:
    """The points of _Landmarks (71, 3) float32 of the Face Mesh (468, 3) mm; centres lie between corners."""
    marks = ibug_points(points)
    head = (marks - marks[_NOSE]) * _SCALE
    centres = [head[list(eye)].mean(0) for eye in _EYES]
    every = [head[_POINTS], centres, centres, marks[_NOSE : _NOSE + 1] * _SCALE]
    return np.concatenate(every).astype(np.float32)


def packet(sample: Sample, points: Array) -> bytes:
    """Of a face with the points of _Landmarks (71, 3) float32."""
    face, state = sample.face, sample.state
    width, height = _SIZE if state is None else state.captured.frame.image.shape[1::-1]
    head, nose = points[:70], [v / _SCALE for v in points[70].tolist()]
    head[66:68] += [_direction(*eye) for eye in sample.looks]
    turn = matrix_rows(*sample.quaternion)
    x, y, z = (t + sum(map(mul, row, nose)) for t, row in zip(sample.translation.tolist(), turn, strict=True))
    features, eyes_open = _features(sample.named)
    confidence = 1.0 if face is None else face.state.confidence
    start = _HEAD.pack(
        sample.time, 0 if face is None else face.state.face, width, height, *eyes_open, 1, 0.0,
        *_quaternion(*sample.quaternion), *_euler(turn), y * _SCALE, -x * _SCALE, z * _SCALE, *[confidence] * 68,
    )  # fmt: skip
    camera = Camera.for_image(width, height)
    scale = camera.focal / -z  # pixels for a mm
    across, down = [v * scale / _SCALE for v in turn[0]], [-v * scale / _SCALE for v in turn[1]]
    placed = (head @ np.array([across, down, *_OUTWARDS], np.float32).T).astype("<f4", copy=False)
    placed[:, :2] += camera.cx + scale * x, camera.cy - scale * y
    image, space = placed[:68, :2].tobytes(), placed[:, 2:].tobytes()
    return b"".join((start, image, space, _FEATURES.pack(*features)))


def _direction(yaw: float, pitch: float) -> tuple[float, float, float]:
    """From the centre of an eye to its pupil, in our head's frame and its unit."""
    flat = _EYE * math.cos(pitch)
    return flat * math.sin(yaw), _EYE * math.sin(pitch), flat * math.cos(yaw)


# Its rotation is C R S: R in our frame, S the person's right as x, C its camera's axes in ours, ((0, 1, 0), (-1, 0, 0),
# (0, 0, -1)). S and C change the hand, so that C R S = (C S) (S R S), of two rotations.


def _quaternion(x: float, y: float, z: float, w: float) -> tuple[float, float, float, float]:
    """Of the inverse of its rotation, as its own tracker has it, from the quaternion of R."""
    y, z = -y, -z  # S R S
    h = math.sqrt(0.5)  # C S is the half turn about the diagonal of x and y: (h, h, 0, 0)
    return h * (w + z), h * (w - z), h * (y - x), h * (x + y)


def _euler(m: list[list[float]]) -> tuple[float, float, float]:
    """Degrees about x, then y, then z, from the matrix of R; (180, 0, 90) of an upright head."""
    x, y = math.atan2(-m[2][1], -m[2][2]), math.asin(min(max(-m[2][0], -1.0), 1.0))
    return math.degrees(x), math.degrees(y), math.degrees(math.atan2(m[0][0], -m[1][0]))


def _features(w: dict[str, float]) -> tuple[list[float], tuple[float, float]]:
    """Its 14 features, -1..1, the left side first; steepness and quirk of brows, which nobody tells, are 0. How far
    the right and the left eye are open, 0..1."""
    eyes = {s: min(max(w[f"eyeWide{s}"] - w[f"eyeBlink{s}"], -1.0), 1.0) for s in ("Left", "Right")}
    brows = {s: (w["browInnerUp"] + w[f"browOuterUp{s}"]) / 2 - w[f"browDown{s}"] for s in eyes}
    up = {s: w[f"mouthSmile{s}"] - w[f"mouthFrown{s}"] for s in eyes}
    out = {s: max(w[f"mouthSmile{s}"], w[f"mouthStretch{s}"]) - w["mouthPucker"] for s in eyes}
    features = [eyes["Left"], eyes["Right"]]
    for side in eyes:
        features += [0.0, brows[side], 0.0]
    for side in eyes:
        features += [up[side], out[side]]
    features += [max(w["jawOpen"] - w["mouthClose"], 0.0), (out["Left"] + out["Right"]) / 2]
    return features, (1 + min(eyes["Right"], 0.0), 1 + min(eyes["Left"], 0.0))


OUTPUT = OpenSeeFace()
