"""mediapipe's Face Mesh with irises, in whichever form the installed mediapipe has it.

Up to 0.10.21, mediapipe carries the network; newer ones, which Python 3.13 needs, read it from a file of the user's.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.light_mediapipe import light_mediapipe
from expnet_live.core.paths import data_folder
from expnet_live.core.types import Array, Image
from expnet_live.pipeline.landmarker import Landmarker

FILE = "face_landmarker.task"
_FRAME_MS = 40  # the network only needs times that grow


def landmarker_file() -> Path:
    """Where the user puts the network of newer releases of mediapipe."""
    return data_folder() / FILE


class FaceMesh:
    """Landmarks of one face; with `video`, tracked from frame to frame. Use it in a `with` block, or call close().

    Raises UserError if mediapipe or its network is missing.
    """

    def __init__(self, *, video: bool = False, confidence: float = 0.5) -> None:
        self._solution = _solution(video, confidence)
        self._landmarker = None if self._solution is not None else _landmarker(video, confidence)
        self._video, self._times = video, itertools.count(0, _FRAME_MS)

    def process(self, rgb: Image) -> Array | None:
        """Landmarks (478, 3) of the face in a picture (H, W, 3) RGB, or None without one: x in widths from the left, y
        in heights from the top, z in widths away from the viewer.
        """
        found = self.find(rgb)
        return None if found is None else np.array([(p.x, p.y, p.z) for p in found], np.float32)

    def find(self, rgb: Image) -> Sequence[Any] | None:
        """As `process`, but mediapipe's own objects, as quickly as mediapipe has them."""
        if self._landmarker is None:
            faces = self._solution.process(rgb).multi_face_landmarks
            return faces[0].landmark if faces else None
        faces = self._look(self._landmarker, rgb).face_landmarks
        return faces[0] if faces else None

    def close(self) -> None:
        (self._landmarker or self._solution).close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _look(self, landmarker: Landmarker, rgb: Image) -> Any:
        if self._video:
            return landmarker.detect_for_video(rgb, next(self._times))
        return landmarker.detect(rgb)


def _solution(video: bool, confidence: float) -> Any:
    """The network that mediapipe carries, or None."""
    with light_mediapipe():
        try:
            from mediapipe.python.solutions.face_mesh import FaceMesh as Solution
        except ImportError:
            return None
    return Solution(
        static_image_mode=not video, refine_landmarks=True, max_num_faces=1, min_detection_confidence=confidence
    )


def _landmarker(video: bool, confidence: float) -> Landmarker:
    path = landmarker_file()
    with light_mediapipe():
        try:
            import mediapipe  # noqa: F401
        except ImportError as error:
            raise UserError("The landmark fit needs mediapipe; install it with 'pip install mediapipe'.") from error
    if not path.is_file():
        raise UserError(
            f"The landmark fit needs MediaPipe's Face Landmarker on this Python; put its file {FILE} in {path.parent}."
        )
    try:
        return Landmarker(path, video=video, min_face_detection_confidence=confidence)
    except OSError as error:
        raise UserError(
            f"mediapipe cannot load a library of the system ({error}); on Debian or Ubuntu run scripts/setup.sh."
        ) from error
    except (RuntimeError, ValueError) as error:
        raise UserError(f"{path} is not a Face Landmarker; put another {FILE} there.") from error
