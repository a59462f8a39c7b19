"""MediaPipe's Face Landmarker with blendshapes, from a file of the user, for comparison."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from expnet_live.core.types import Array, Image
from expnet_live.pipeline.crop import Crop
from expnet_live.pipeline.detection import Detection
from expnet_live.research.training.landmarks import face_landmarker

N_SCORES = 52
_CROP = 256  # px, as for the landmark fit


class Blendshapes:
    """52 ARKit-style action scores of a face. Raises UserError if `teacher` is not a Face Landmarker file."""

    def __init__(self, teacher: Path, min_confidence: float = 0.1) -> None:
        self._landmarker = face_landmarker(teacher, min_confidence, min_confidence)

    def scores(self, image: Image, face: Detection) -> Array | None:
        """The scores (52,) in 0..1, or None if no face is found in its enlarged crop."""
        crop = Crop.of_detection(face, _CROP).cut(image)
        rgb = cv2.cvtColor(crop, cv2.COLOR_BGR2RGB)
        found = self._landmarker.detect(rgb).face_blendshapes
        return np.array([c.score for c in found[0]], np.float32) if found else None

    def close(self) -> None:
        self._landmarker.close()
