"""OpenSeeFace's packets over UDP: to VSeeFace's own input, and other programs that listen to that tracker.

OpenSeeFace solves for a pose with rows and columns swapped and the head behind the camera; receivers expect that.
"""

from __future__ import annotations

import numpy as np

from expnet_live.core.arkit import ARKIT
from expnet_live.core.types import Array
from expnet_live.geometry.camera import Camera
from expnet_live.geometry.rotation import matrix_from_vector, quaternion, vector_from_matrix
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
_SIDE = np.array([-1.0, 1.0, 1.0])  # its head's x is the person's right
_CAMERA = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])  # its camera's axes in ours
_PACKET = np.dtype(
    [
        ("time", "<f8"),
        ("id", "<i4"),
        ("size", "<f4", 2),
        ("eyes_open", "<f4", 2),  # right, left
        ("fits", "u1"),
        ("error", "<f4"),
        ("quaternion", "<f4", 4),
        ("euler", "<f4", 3),
        ("translation", "<f4", 3),
        ("confidences", "<f4", 68),
        ("points", "<f4", (68, 2)),
        ("points_3d", "<f4", (70, 3)),
        ("features", "<f4", 14),
    ]
)


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
    """iBUG's 68 points of a face model; all 468 would take ten times as long."""

    def __init__(self, model: FaceModel) -> None:
        self.model = model
        self._mean = ibug_points(model.mean)
        # One matrix for each of x, y, z: products of these sizes do not wake further threads.
        self._identity, self._actions = (
            np.ascontiguousarray(np.stack([ibug_points(field) for field in fields]).transpose(2, 0, 1))
            for fields in (model.identity, model.rig.base)
        )

    def of(self, sample: Sample) -> Array:
        """In the model's frame (68, 3) mm."""
        identity = None if sample.face is None else sample.face.identity
        points = self._mean + (self.model.action_rows(sample.blendshapes, identity) @ self._actions).T
        return points if identity is None else points + (identity @ self._identity).T


def packet(sample: Sample, points: Array) -> bytes:
    """Of a face with those points of iBUG's (68, 3) mm."""
    face, state = sample.face, sample.state
    width, height = _SIZE if state is None else state.captured.frame.image.shape[1::-1]
    nose = points[_NOSE]
    head = (points - nose) * _SCALE
    centres = np.array([head[list(eye)].mean(0) for eye in _EYES]) - [0, 0, _EYE]
    pupils = centres + _EYE * np.array([_direction(*eye) for eye in sample.gaze.tolist()])
    head = np.concatenate([head[_POINTS], pupils, centres])

    turn = matrix_from_vector(sample.rotation)
    rotation = _CAMERA @ turn * _SIDE
    place = np.asarray(sample.translation, np.float64) + turn @ nose
    out = np.zeros((), _PACKET)
    out["time"], out["fits"] = sample.time, 1
    out["id"] = 0 if face is None else face.state.face
    out["size"] = width, height
    out["features"], out["eyes_open"] = _features(dict(zip(ARKIT, sample.blendshapes.tolist(), strict=True)))
    out["quaternion"] = quaternion(vector_from_matrix(rotation.T))  # of the inverse, as its own tracker does
    out["euler"] = _euler(rotation)
    out["translation"] = _CAMERA @ place * _SCALE * [1, 1, -1]
    out["confidences"] = 1.0 if face is None else face.state.confidence
    camera = Camera.for_image(width, height)
    seen = head[:68] @ turn.T / _SCALE + place
    focal = camera.focal / -place[2]
    out["points"] = np.column_stack([camera.cx + focal * seen[:, 0], camera.cy - focal * seen[:, 1]])
    out["points_3d"] = head * _SIDE * [1, -1, -1]
    return out.tobytes()


def _direction(yaw: float, pitch: float) -> tuple[float, float, float]:
    """Where an eye looks, in our head's frame."""
    return float(np.sin(yaw) * np.cos(pitch)), float(np.sin(pitch)), float(np.cos(yaw) * np.cos(pitch))


def _euler(m: Array) -> tuple[float, float, float]:
    """Degrees about x, then y, then z; (180, 0, 90) of an upright head."""
    x, y, z = np.arctan2(m[2, 1], m[2, 2]), np.arcsin(np.clip(-m[2, 0], -1, 1)), np.arctan2(m[1, 0], m[0, 0])
    return float(np.degrees(x)), float(np.degrees(y)), float(np.degrees(z))


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
