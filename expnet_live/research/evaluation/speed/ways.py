"""Methods that describe a known face in a photo, timed side by side: one by one, and in batches.

mediapipe does not support batches: in a batch, one instance of it works on each CPU thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.types import Image
from expnet_live.heads.face_model import FaceModel
from expnet_live.networks.predictor import Predictor
from expnet_live.pipeline.crop import Crop
from expnet_live.pipeline.detection import Detection
from expnet_live.pipeline.face_mesh import FaceMesh
from expnet_live.research.evaluation.emotion.blendshapes import Blendshapes
from expnet_live.research.evaluation.emotion.features import Feature
from expnet_live.research.evaluation.speed.timing import Timings

Face = tuple[Image, Detection]
Times = dict[str, Timings]
T = TypeVar("T")

LEAST = 128  # photos in a batch measurement, repeated if there are fewer
BATCH = 64
_BLOCK = 8


class Way(Protocol):
    """`parts` names the parts that are also timed separately."""

    parts: tuple[str, ...]

    def one(self, face: Face, times: Times) -> None: ...

    def batch(self, faces: Sequence[Face], times: Times) -> None: ...


class ExpNetWay:
    parts: tuple[str, ...] = ()

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor

    def one(self, face: Face, times: Times) -> None:
        self._predictor.predict(self.cut(face)[None])

    def batch(self, faces: Sequence[Face], times: Times) -> None:
        self._predictor.predict(np.stack([self.cut(f) for f in faces]))

    def cut(self, face: Face) -> Image:
        image, detection = face
        return Crop.of_detection(detection, self._predictor.crop_size).cut(image)


class LandmarkFitWay:
    """Face Mesh, then Gauss-Newton; in a batch, the fit is one run for all photos."""

    parts: tuple[str, ...] = ("landmarks", "fit")

    def __init__(self, model: FaceModel, threads: int) -> None:
        from expnet_live.pipeline.landmark_fit import LandmarkFitEstimator  # needs torch

        self._meshes = [LandmarkFitEstimator(model) for _ in range(threads)]

    def one(self, face: Face, times: Times) -> None:
        landmarks = times["landmarks"](lambda: self._meshes[0].landmarks(*face))
        if landmarks is not None:
            times["fit"](lambda: self._meshes[0].fit(landmarks[None]))

    def batch(self, faces: Sequence[Face], times: Times) -> None:
        found = times["landmarks"](lambda: _shared([lambda f, m=m: m.landmarks(*f) for m in self._meshes], faces))  # type: ignore[misc]
        landmarks = [p for p in found if p is not None]
        if landmarks:
            times["fit"](lambda: self._meshes[0].fit(np.stack(landmarks)))


def no_landmarks() -> str | None:
    """Why neither Face Mesh nor the landmark fit can run here, or None where they can."""
    if find_spec("torch") is None:
        return "The landmark fit needs the package torch, which is not installed."
    try:
        FaceMesh().close()
    except UserError as e:
        return str(e)
    return None


class BlendshapeWay:
    """MediaPipe's Face Landmarker with its 52 scores."""

    parts: tuple[str, ...] = ()

    def __init__(self, teacher: Path, threads: int) -> None:
        self._landmarkers = [Blendshapes(teacher) for _ in range(threads)]

    def one(self, face: Face, times: Times) -> None:
        self._landmarkers[0].scores(*face)

    def batch(self, faces: Sequence[Face], times: Times) -> None:
        _shared([lambda f, m=m: m.scores(*f) for m in self._landmarkers], faces)  # type: ignore[misc]


class FeatureWay:
    """Any feature of the emotion test."""

    parts: tuple[str, ...] = ()

    def __init__(self, feature: Feature) -> None:
        self._feature = feature

    def one(self, face: Face, times: Times) -> None:
        self._feature([face[0]], [face[1]])

    def batch(self, faces: Sequence[Face], times: Times) -> None:
        self._feature([f[0] for f in faces], [f[1] for f in faces])


def time_one_by_one(faces: Sequence[Face], ways: dict[str, Way]) -> Times:
    """Time each method and each of its parts on every face. They take turns in blocks: see bench_video."""
    times = _times_for(ways)
    for start in range(0, len(faces), _BLOCK):
        for name, way in ways.items():
            way.one(faces[start], _times_for(ways))  # warm up
            for face in faces[start : start + _BLOCK]:
                times[name](lambda way=way, face=face: way.one(face, times))  # type: ignore[misc]
    return times


def time_batches(faces: Sequence[Face], ways: dict[str, Way]) -> dict[str, float]:
    """Photos per second of each method and each of its parts."""
    many = list(faces) * -(-LEAST // len(faces))
    many = many[: max(LEAST, len(faces))]
    times = _times_for(ways)
    for start in range(0, len(many), BATCH):
        batch = many[start : start + BATCH]
        for name, way in ways.items():
            way.batch(batch, _times_for(ways))  # warm up, because a batch of a new size needs preparation
            times[name](lambda way=way, batch=batch: way.batch(batch, times))  # type: ignore[misc]
    return {name: len(many) / sum(t.wall) if t.wall else float("nan") for name, t in times.items()}


def _times_for(ways: dict[str, Way]) -> Times:
    return {name: Timings() for way_name, way in ways.items() for name in (way_name, *way.parts)}


def _shared(workers: Sequence[Callable[[Face], T]], faces: Sequence[Face]) -> list[T]:
    """The results of the workers, each on a thread of its own, for their share of the faces."""
    with ThreadPoolExecutor(len(workers)) as pool:
        shares = pool.map(lambda i: [workers[i](f) for f in faces[i :: len(workers)]], range(len(workers)))
        return [result for share in shares for result in share]
