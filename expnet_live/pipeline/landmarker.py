"""MediaPipe's Face Landmarker, closed in time.

Since mediapipe 1, a landmarker has a Python thread of its own. If the garbage collector finds the landmarker in a
cycle, this thread ends first; mediapipe then closes the landmarker, and waits for the thread for ever. So it is closed
here, before that.
"""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

import numpy as np

from expnet_live.core.light_mediapipe import light_mediapipe
from expnet_live.core.types import Image


class Landmarker:
    """The Face Landmarker in a .task file; `options` are those of mediapipe's FaceLandmarkerOptions.

    With `video`, it tracks one face from frame to frame. Raises ImportError without mediapipe, OSError if a file or a
    library of the system cannot be read, and RuntimeError or ValueError if the file is something else.
    """

    def __init__(self, path: Path, *, video: bool = False, **options: Any) -> None:
        with light_mediapipe():
            import mediapipe

        vision = mediapipe.tasks.vision
        landmarker = vision.FaceLandmarker.create_from_options(
            vision.FaceLandmarkerOptions(
                base_options=mediapipe.tasks.BaseOptions(model_asset_buffer=path.read_bytes()),
                running_mode=vision.RunningMode.VIDEO if video else vision.RunningMode.IMAGE,
                **options,
            )
        )
        self._landmarker = landmarker
        self._image, self._format = mediapipe.Image, mediapipe.ImageFormat.SRGB
        # Holds the landmarker until it is closed, so that it is never garbage itself.
        self._close = weakref.finalize(self, landmarker.close)
        # When the program ends, its thread has ended already.
        self._close.atexit = False

    def detect(self, rgb: Image) -> Any:
        """mediapipe's result for a picture (H, W, 3) RGB."""
        return self._landmarker.detect(self._picture(rgb))

    def detect_for_video(self, rgb: Image, time: int) -> Any:
        """mediapipe's result for the frame at that time in ms; times must grow."""
        return self._landmarker.detect_for_video(self._picture(rgb), time)

    def close(self) -> None:
        self._close()

    def _picture(self, rgb: Image) -> Any:
        return self._image(image_format=self._format, data=np.ascontiguousarray(rgb))
