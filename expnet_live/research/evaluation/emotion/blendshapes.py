"""MediaPipe's Face Landmarker with blendshapes, from a file that the user has: a peer to measure against."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.types import Array, Image
from expnet_live.pipeline.crop import Crop
from expnet_live.pipeline.detector import Detection

N_SCORES = 52
_CROP = 256  # px, as for the landmark fit


class Blendshapes:
    """52 ARKit-style action scores of a face. Raises UserError when `teacher` is no Face Landmarker file."""

    def __init__(self, teacher: Path, min_confidence: float = 0.1) -> None:
        import mediapipe

        if not teacher.is_file():
            raise UserError(f"{teacher} does not exist; name a Face Landmarker file (.task) with --teacher.")
        vision = mediapipe.tasks.vision
        try:
            self._landmarker: Any = vision.FaceLandmarker.create_from_options(
                vision.FaceLandmarkerOptions(
                    base_options=mediapipe.tasks.BaseOptions(model_asset_buffer=teacher.read_bytes()),
                    output_face_blendshapes=True,
                    min_face_detection_confidence=min_confidence,
                    min_face_presence_confidence=min_confidence,
                )
            )
        except (RuntimeError, ValueError, OSError) as e:
            raise UserError(f"{teacher} is not a Face Landmarker with blendshapes (.task); name one that is.") from e
        self._image, self._format = mediapipe.Image, mediapipe.ImageFormat.SRGB

    def scores(self, image: Image, face: Detection) -> Array | None:
        """The scores (52,) in 0..1, None when no face is found in its enlarged crop."""
        crop = Crop.of_detection(face.box, face.keypoints, _CROP).cut(image)
        rgb = cv2.cvtColor(crop, cv2.COLOR_BGR2RGB)
        found = self._landmarker.detect(self._image(image_format=self._format, data=rgb)).face_blendshapes
        return np.array([c.score for c in found[0]], np.float32) if found else None

    def close(self) -> None:
        self._landmarker.close()
