"""The landmark-based baseline of the paper: Face Mesh, then a fit of the face model."""

from __future__ import annotations

import time
from contextlib import nullcontext

import cv2
import numpy as np
import torch

from expnet_live.core.native_chatter import without_chatter
from expnet_live.core.types import Array, Box, FaceState, Image
from expnet_live.geometry.camera import Camera, WeakPerspective
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.fitting import Fit, Fitter
from expnet_live.pipeline.crop import Crop
from expnet_live.pipeline.detection import Detection
from expnet_live.pipeline.face_mesh import FaceMesh

_CROP = 256  # px of the square to which a known face is scaled for Face Mesh


class LandmarkFitEstimator:
    """Estimates expression, identity and pose of the largest face in a photo by fitting `model` to its landmarks."""

    def __init__(self, model: FaceModel | None = None, min_confidence: float = 0.4) -> None:
        self.model = model or FaceModel.load()
        self._fitter = Fitter(self.model)
        with without_chatter():
            self._mesh = FaceMesh(confidence=min_confidence)
            # Its threads report their start at any time before the first answer.
            self._mesh.process(np.zeros((_CROP, _CROP, 3), np.uint8))
        self._has_found = False  # until then Face Mesh has more to say

    def landmarks(self, image: Image, face: Detection | None = None) -> Array | None:
        """Face Mesh landmarks (478, 3) in pixels of `image`, or None if none are found.

        If `face` is already known, it is enlarged first: Face Mesh then finds faces of a few pixels.
        """
        crop = None
        if face is not None:
            crop = Crop.of_detection(face, _CROP)
            image = crop.cut(image)
        h, w = image.shape[:2]
        with nullcontext() if self._has_found else without_chatter():
            points = self._mesh.process(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
        if points is None:
            return None
        self._has_found = True
        points = points * np.array([w, h, w], np.float32) - np.array([0.5, 0.5, 0], np.float32)
        if crop is not None:
            to_image = crop.inverse
            points[:, :2] = points[:, :2] @ to_image[:, :2].T + to_image[:, 2]
            points[:, 2] /= crop.scale
        return points

    def fit(self, landmarks: Array) -> Fit:
        """The fit to landmarks (N, 478, 3) of N photos, each of a different person."""
        with torch.inference_mode():
            return self._fitter.fit(landmarks)

    def estimate(self, image: Image, face: Detection | None = None) -> FaceState | None:
        """The state of the face in `image` (BGR uint8), or None if there is none."""
        started = time.perf_counter()
        landmarks = self.landmarks(image, face)
        if landmarks is None:
            return None
        found = time.perf_counter()
        fit = self.fit(landmarks[None])
        fitted = time.perf_counter()
        view = WeakPerspective(fit.rotation[0], float(fit.scale[0]), float(fit.origin[0, 0]), float(fit.origin[0, 1]))
        (x0, y0), (x1, y1) = landmarks[:468, :2].min(0), landmarks[:468, :2].max(0)
        h, w = image.shape[:2]
        return FaceState(
            face=0,
            frame=0,
            timestamp=0.0,
            box=Box(float(x0), float(y0), float(x1 - x0), float(y1 - y0)),
            confidence=1.0,
            expression=fit.expression[0],
            expression_raw=fit.expression[0],
            identity=fit.identity[0],
            pose=Camera.for_image(w, h).pose(view),
            stages={"landmarks": found - started, "fit": fitted - found},
        )
