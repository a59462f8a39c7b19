"""Reads any picture of a session's video by its number."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from expnet_live.core.types import Image
from expnet_live.sessions.reading.pictures import as_recorded
from expnet_live.threads.answerer import Answerer
from expnet_live.video.conversion import ToBgr
from expnet_live.video.mkv import opened, packets
from expnet_live.video.writer import KEY_EVERY

if TYPE_CHECKING:
    from av import Packet, VideoFrame, VideoStream
    from av.container import InputContainer

log = logging.getLogger(__name__)

CACHE = 96e6  # bytes of decoded pictures to cache
_AHEAD = 100  # pictures to count at a time while idle
_LEAST = 8  # pictures to cache, however large


class PictureFile:
    """Pictures of `size` (width, height) by number, which it counts as far as needed.

    Reading on is fast, and so is going back a little, because decoded neighbours are cached. Otherwise it decodes from
    the key frame before; `seeks` counts how often. Do not share it between threads. Raises OSError if no video can be
    opened.
    """

    def __init__(self, path: Path, size: tuple[int, int], cache: float = CACHE) -> None:
        self.seeks = 0
        self._path, self._size = path, size
        self._index = _Index(path)
        self._container = _open(path)
        stream = self._container.streams.video[0]
        # Threads that work on several frames return each one late.
        stream.thread_type = "SLICE"
        self._frames: Iterator[tuple[int, VideoFrame]] = self._decoded(0)
        self._next = 0  # the next picture to be decoded
        self._kept: dict[int, VideoFrame] = {}
        self._converted = ToBgr()
        self._room = max(_LEAST, int(cache / max(1.5 * size[0] * size[1], 1)))

    def picture(self, number: int) -> Image | None:
        """The picture, BGR (H, W, 3), or None if the video has no such picture or it cannot be decoded."""
        frame = self._kept.get(number)
        if frame is None and self._index.reach(number):
            frame = self._decode(number)
        if frame is None:
            return None
        return as_recorded(self._converted(frame), self._size)

    @property
    def kept(self) -> int:
        """Number of decoded pictures to cache: as many as fit into `cache` bytes, and at least a few."""
        return len(self._kept)

    def read_on(self) -> bool:
        """Count some more pictures, so that distant ones are found quickly. Return whether there are more."""
        return self._index.reach(len(self._index) + _AHEAD)

    def close(self) -> None:
        self._kept.clear()
        self._frames = iter(())
        self._container.close()
        self._index.close()

    def _decode(self, wanted: int) -> VideoFrame | None:
        key = self._index.key_before(wanted)
        # Decoding past a key frame or two is cheaper than a seek, and plays smoothly.
        if not self._next <= wanted or key - self._next > KEY_EVERY:
            self._seek(key)
        for number, frame in self._frames:
            self._next = number + 1
            self._keep(number, frame, wanted)
            if number >= wanted:
                return frame if number == wanted else None
        # The end, or damage: what comes next begins with a seek.
        self._next = len(self._index) + 1
        return None

    def _seek(self, key: int) -> None:
        import av

        self.seeks += 1
        self._next = key
        try:
            self._container.seek(self._index.stamps[key], stream=self._container.streams.video[0])
        except av.FFmpegError as e:
            log.info("%s: no seeking: %s", self._path, e)
            self._restart()
        self._frames = self._decoded(key)

    def _restart(self) -> None:
        """Decode from the beginning, which needs only the part of the file before the picture."""
        self._container.close()
        self._container = _open(self._path)
        self._container.streams.video[0].thread_type = "SLICE"

    def _decoded(self, key: int) -> Iterator[tuple[int, VideoFrame]]:
        import av

        stream = self._container.streams.video[0]
        try:
            for frame in self._container.decode(stream):
                number = None if frame.pts is None else self._index.number(frame.pts)
                if number is not None and number >= key:
                    yield number, frame
        except av.FFmpegError as e:
            log.info("%s: %s", self._path, e)

    def _keep(self, number: int, frame: VideoFrame, wanted: int) -> None:
        self._kept[number] = frame
        if len(self._kept) > self._room:
            del self._kept[max(self._kept, key=lambda n: abs(n - wanted))]


class _Index:
    """The timestamp of each picture, and which are key frames; read from the file as far as needed."""

    def __init__(self, path: Path) -> None:
        self.stamps: list[int] = []
        self._numbers: dict[int, int] = {}
        self._keys: list[int] = []
        self._container = _open(path)
        self._packets: Iterator[Packet[VideoStream]] = packets(self._container)

    def __len__(self) -> int:
        return len(self.stamps)

    def reach(self, number: int) -> bool:
        """Whether there is a picture of that number."""
        while len(self.stamps) <= number:
            packet = next(self._packets, None)
            if packet is None or packet.pts is None:
                return False
            if packet.is_keyframe or not self._keys:
                self._keys.append(len(self.stamps))
            self._numbers[packet.pts] = len(self.stamps)
            self.stamps.append(packet.pts)
        return number >= 0

    def key_before(self, number: int) -> int:
        return self._keys[int(np.searchsorted(self._keys, number, side="right")) - 1]

    def number(self, stamp: int) -> int | None:
        """The number of the picture with that timestamp, which may be one beyond those read so far."""
        while stamp not in self._numbers and (not self.stamps or stamp > self.stamps[-1]):
            if not self.reach(len(self.stamps)):
                return None
        return self._numbers.get(stamp)

    def close(self) -> None:
        self._packets = iter(())
        self._container.close()


def _open(path: Path) -> InputContainer:
    container = opened(path)
    if container is None:
        raise OSError(f"{path} is not a video")
    return container


class PictureReader(Answerer[int, "Image | None"]):
    """Reads pictures by number on a thread of its own: the newest request wins. `latest` gives None for a missing
    picture; if the video cannot be opened at all, it is FAILED, and `problem` says so."""

    def __init__(self, path: Path, size: tuple[int, int]) -> None:
        super().__init__("reading of the video")
        self._path, self._size = path, size
        self._file: PictureFile | None = None

    @property
    def seeks(self) -> int:
        return 0 if self._file is None else self._file.seeks

    def _work(self) -> None:
        try:
            self._file = PictureFile(self._path, self._size)
        except OSError as e:
            log.info("%s", e)
            self._failed(f"{self._path} is damaged or not a video; restore it from a copy of the session.")
            return
        super()._work()

    def _answer(self, wish: int) -> Image | None:
        return None if self._file is None else self._file.picture(wish)

    def _prepare(self) -> bool:
        return self._file is not None and self._file.read_on()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
