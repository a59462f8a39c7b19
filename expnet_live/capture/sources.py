"""Where frames come from: cameras, videos, pictures, folders of pictures and the demo clip."""

from __future__ import annotations

import logging
import re
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, cast

import cv2
import numpy as np

from expnet_live.capture.images import IMAGE_SUFFIXES, SourceError, read_image
from expnet_live.core.paths import asset
from expnet_live.core.types import Frame, Image
from expnet_live.video.opening import open_media

if TYPE_CHECKING:
    from av import VideoFrame

__all__ = ["CameraSource", "ImageSource", "Source", "SourceError", "VideoSource", "open_source"]

log = logging.getLogger(__name__)

DEMO = "demo"
DEMO_ASSET = "demo.mp4"


class Source(ABC):
    """Frames one after the other, to be iterated once, with times that increase. A context manager.

    `fps` is the nominal rate and `n_frames` the expected number of frames, None where unknown;
    `live` says that frames not fetched in time are lost, `still` that they have nothing to do with
    each other. Iterating raises SourceError when the source breaks, after its good frames.
    """

    live = False
    still = False
    fps: float | None = None
    n_frames: int | None = None

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]: ...

    @abstractmethod
    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_source(spec: str | int | Path) -> Source:
    """The source that `spec` means: a camera's number, "demo", a video, a picture or a folder of pictures.

    An existing file called like a number or "demo" comes first. Raises SourceError with one sentence.
    """
    path = Path(str(spec))
    if isinstance(spec, int) or not path.exists():
        if str(spec).isdecimal():
            return CameraSource(int(str(spec)))
        if str(spec) == DEMO:
            return VideoSource(asset(DEMO_ASSET), name=DEMO)
        raise SourceError(f"There is no file, folder or camera {spec}; check the name.")
    if path.is_dir():
        return ImageSource.of_folder(path)
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return ImageSource([path], str(path))
    return VideoSource(path)


class ImageSource(Source):
    """Pictures, a second apart. Those of several that cannot be read are logged, listed in `problems` and skipped."""

    still = True
    fps = 1.0

    def __init__(self, paths: list[Path], name: str) -> None:
        super().__init__(name)
        self.problems: list[SourceError] = []
        self._paths = paths
        self.n_frames = len(paths)
        # A picture by itself is read here, so that its errors come with the opening.
        self._first = read_image(paths[0]) if len(paths) == 1 else None

    @classmethod
    def of_folder(cls, folder: Path) -> ImageSource:
        paths = [p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES and p.is_file()]
        if not paths:
            raise SourceError(f"The folder {folder} holds no pictures; name one that does.")
        return cls(sorted(paths, key=_natural), str(folder))

    def __iter__(self) -> Iterator[Frame]:
        for i, path in enumerate(self._paths):
            try:
                image = self._first if self._first is not None else read_image(path)
            except SourceError as e:
                log.warning("%s", e)
                self.problems.append(e)
                continue
            yield Frame(image, float(i), i, str(path))

    def close(self) -> None:
        pass


def _natural(path: Path) -> list[tuple[int, str]]:
    """Sorts image2 before image10."""
    return [(int(p) if p.isdecimal() else -1, p.casefold()) for p in re.split(r"(\d+)", path.name)]


_NO_VIDEO = "is damaged or not a video; play it to see, or copy it again"


class VideoSource(Source):
    """A video file, with its own time stamps counted from its first frame, turned as its header says."""

    def __init__(self, path: Path, name: str | None = None) -> None:
        import av

        super().__init__(name or str(path))
        self._path = path
        try:
            empty = path.stat().st_size == 0
            self._container = open_media(path)
        except (av.FFmpegError, OSError) as e:
            if isinstance(e, PermissionError):
                raise SourceError(f"{path} cannot be read; check its permissions.") from e
            if empty:
                raise SourceError(f"{path} is empty; copy it again from where it came from.") from e
            raise SourceError(f"{path} {_NO_VIDEO}.") from e
        if not self._container.streams.video:
            nothing = "has no pictures in it; name a video" if self._container.streams else _NO_VIDEO
            self._container.close()
            raise SourceError(f"{path} {nothing}.")
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        rate = self._stream.average_rate or self._stream.guessed_rate
        self.fps = float(rate) if rate else None
        self._promised = int(self._stream.frames)  # 0 where the format does not say
        duration = self._container.duration
        self.n_frames = self._promised or (round(duration / av.time_base * self.fps) if duration and self.fps else None)
        self.duration = duration / av.time_base if duration else None
        self._from = 0.0

    def seek(self, seconds: float) -> None:
        """Lets the iteration begin with the frame seen at `seconds`, where the file's index allows it."""
        import av

        tick, start = self._stream.time_base, self._stream.start_time
        if seconds <= 0 or tick is None:
            return
        try:
            self._container.seek(round(seconds / tick) + (start or 0), stream=self._stream)
        except av.FFmpegError as e:
            log.info("%s: no seeking: %s", self._path, e)
            return
        self._from = seconds

    def __iter__(self) -> Iterator[Frame]:
        step = 1 / (self.fps or 30.0)
        last = start = None
        index = 0
        if self._from and self._stream.time_base is not None:
            start = float((self._stream.start_time or 0) * self._stream.time_base)
        for picture in self._pictures():
            stamp = picture.time
            if start is not None and last is None:
                # After a seek, decoding begins at the key frame before.
                if stamp is not None and stamp - start < self._from - step / 2:
                    continue
                last = max(0.0, stamp - start) if stamp is not None else self._from
                index = round(last / step)
            elif last is None:
                start, last = stamp, 0.0
            else:
                seconds = last + step if stamp is None or start is None else stamp - start
                # Broken time stamps must not stop or turn back the clock.
                last = seconds if seconds > last else last + step
            image = cast(Image, picture.to_ndarray(format="bgr24"))
            yield Frame(_upright(image, picture.rotation), last, index, self.name)
            index += 1
        if index == 0 and not self._from:
            raise SourceError(f"{self._path} has no frame that can be decoded; play it to see, or copy it again.")
        # A file that was cut off often ends without a word.
        if self._damages or (not self._from and index < 0.95 * self._promised - 2):
            raise SourceError(f"{self._path} is damaged; {index} frames were read, copy it again for the others.")

    def close(self) -> None:
        self._container.close()

    def _pictures(self) -> Iterator[VideoFrame]:
        """All that can be decoded; counts what cannot."""
        import av

        self._damages = 0
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError as e:
                self._damaged(e)
                return
            if packet is None:
                return
            try:
                pictures = packet.decode()
            except av.FFmpegError as e:
                self._damaged(e)
                continue
            yield from pictures

    def _damaged(self, error: Exception) -> None:
        log.info("%s: %s", self._path, error)
        self._damages += 1


def _upright(image: Image, rotation: int) -> Image:
    """The picture turned counter-clockwise by a multiple of 90 degrees."""
    turns = round(rotation / 90) % 4
    return image if turns == 0 else np.ascontiguousarray(np.rot90(image, turns))


class CameraSource(Source):
    """A camera by its number. Opening may take seconds and may ask the user for permission."""

    live = True
    _PATIENCE = 2.0  # s without a picture until the camera counts as gone

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
        # DirectShow opens within a second where Media Foundation may take twelve. Numbers from 100 on say themselves
        # which of OpenCV's backends they mean: 1400 is the first camera of Media Foundation.
        backend = cv2.CAP_DSHOW if sys.platform == "win32" and number < 100 else cv2.CAP_ANY
        self._capture = cv2.VideoCapture(number, backend)
        if not self._capture.isOpened():
            self._capture.release()
            raise SourceError(
                f"{self._label} cannot be opened; connect it, allow its use in the system's privacy settings, and "
                "close other programs that use it."
            )
        # Uncompressed pictures do not fit through USB 2 at 30 a second.
        self._capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        if width and height:
            self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
            self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        if fps:
            self._capture.set(cv2.CAP_PROP_FPS, fps)
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        self.fps = self._capture.get(cv2.CAP_PROP_FPS) or None

    def __iter__(self) -> Iterator[Frame]:
        index, seen = 0, time.monotonic()
        while self._capture.isOpened():
            ok, image = self._capture.read()
            now = time.monotonic()
            if ok and image is not None:
                yield Frame(image, now, index, self.name)
                index, seen = index + 1, time.monotonic()
            elif now - seen > self._PATIENCE:
                raise SourceError(f"{self._label} sends no pictures any more; connect it again.")
            else:
                time.sleep(0.01)  # a dead camera answers at once

    def close(self) -> None:
        self._capture.release()
