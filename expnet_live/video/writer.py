"""Videos with the time stamps their frames really had, encoded by PyAV."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import cv2

from expnet_live.core.types import Image
from expnet_live.video.opening import open_media

# Ticks per second: usual frame rates divide it, 29.97 too, and MPEG-4 allows no more than 65,535.
_TICKS = 60_000


class VideoWriter:
    """Writes BGR frames (H, W, 3), all of the first one's size, as H.264 (MPEG-4 where PyAV has no H.264).

    Use it as a context manager: the file is complete when the block ends. Time stamps are in
    seconds, counted from the first frame; one that does not advance is moved on by a millisecond.
    """

    def __init__(self, path: Path, fps: float = 30.0) -> None:
        import av

        self._av = av
        self._container = open_media(path, "w", format="mp4")
        self._fps = fps
        self._stream: Any = None
        self._start = 0.0
        self._last = -_TICKS // 1000

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        try:
            if kind is None and self._stream is not None:
                self._container.mux(self._stream.encode(None))
        finally:
            self._container.close()

    def write(self, image: Image, timestamp: float) -> None:
        if self._stream is None:
            self._open(image.shape[1], image.shape[0])
            self._start = timestamp
        # 4:2:0 chroma wants even sides.
        h, w = image.shape[:2]
        if (w, h) != (self._stream.width, self._stream.height):
            if (w + w % 2, h + h % 2) == (self._stream.width, self._stream.height):
                image = cv2.copyMakeBorder(image, 0, h % 2, 0, w % 2, cv2.BORDER_REPLICATE)
            else:
                image = cv2.resize(image, (self._stream.width, self._stream.height), interpolation=cv2.INTER_AREA)
        frame = self._av.VideoFrame.from_ndarray(image, format="bgr24")
        frame.time_base = Fraction(1, _TICKS)
        frame.pts = max(round((timestamp - self._start) * _TICKS), self._last + _TICKS // 1000)
        self._last = frame.pts
        self._container.mux(self._stream.encode(frame))

    def _open(self, width: int, height: int) -> None:
        codec = "libx264" if "libx264" in self._av.codecs_available else "mpeg4"
        rate = Fraction(self._fps).limit_denominator(1001)
        self._stream = self._container.add_stream(codec, rate=rate)
        self._stream.width, self._stream.height = width + width % 2, height + height % 2
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = Fraction(1, _TICKS)
        if codec == "libx264":
            self._stream.options = {"crf": "20", "preset": "veryfast"}
        else:
            self._stream.codec_context.bit_rate = 8_000_000
