"""Cameras by number."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import cv2

from expnet_live.capture.source import Source
from expnet_live.capture.spec import SourceKind, SourceSpec
from expnet_live.core.errors import SourceError
from expnet_live.core.types import Frame
from expnet_live.video.streams import plausible_rate


class CameraSource(Source):
    """A camera by its number. Opening may take seconds and may ask the user for permission."""

    live = True
    _PATIENCE = 2.0  # s without a picture after which the camera counts as gone

    def __init__(
        self,
        number: int,
        width: int | None = None,
        height: int | None = None,
        fps: float | None = None,
        label: str | None = None,
    ) -> None:
        super().__init__(f"camera{number}")
        self._label = label or f"Camera {number}"
        # DirectShow opens within a second, while Media Foundation may take twelve. Numbers from 100 on include the
        # number of OpenCV's backend: 1400 is the first camera of Media Foundation.
        backend = cv2.CAP_DSHOW if sys.platform == "win32" and number < 100 else cv2.CAP_ANY
        # OpenCV takes negative numbers for any camera, and has no larger ones.
        self._capture = cv2.VideoCapture(number, backend) if 0 <= number < 1 << 31 else cv2.VideoCapture()
        if not self._capture.isOpened():
            self._capture.release()
            raise SourceError(
                f"{self._label} cannot be opened; connect it, allow its use in the system's privacy settings, and "
                "close other programs that use it."
            )
        # USB 2 is too slow for uncompressed pictures at 30 fps.
        self._capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        if width and height:
            self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
            self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        if fps:
            self._capture.set(cv2.CAP_PROP_FPS, fps)
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        self.fps = plausible_rate(self._capture.get(cv2.CAP_PROP_FPS))

    def __iter__(self) -> Iterator[Frame]:
        index, seen = 0, time.monotonic()
        while self._capture.isOpened():
            ok, image = self._capture.read()
            now = time.monotonic()
            if ok and image is not None:
                yield Frame(image, now, index, self.name)
                index, seen = index + 1, time.monotonic()
            elif now - seen > self._PATIENCE:
                raise SourceError(f"{self._label} no longer sends pictures; connect it again.")
            else:
                time.sleep(0.01)  # a dead camera returns at once

    def close(self) -> None:
        self._capture.release()


class _Cameras:
    name, about, live, still = "camera", "a camera, by its number", True, False

    def takes(self, spec: SourceSpec) -> bool:
        return spec.kind is SourceKind.CAMERA

    def open(self, spec: SourceSpec) -> Source:
        return CameraSource(int(spec.value), spec.width, spec.height, spec.fps, spec.name)


SOURCE = _Cameras()
