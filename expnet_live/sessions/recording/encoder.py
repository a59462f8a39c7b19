"""The video's lane, a bounded queue of pictures for the encoder."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from expnet_live.core.types import Image
from expnet_live.sessions.recording.lane import Lane
from expnet_live.video.mkv import count_pictures
from expnet_live.video.writer import CRASH_SAFE, VideoWriter

log = logging.getLogger(__name__)

_USUAL_FPS = 30.0


@dataclass(frozen=True)
class Room:
    """The most pictures that may wait, and the most bytes."""

    pictures: int = 90
    size: float = 250e6


class Encoder:
    """Pictures are numbered when they are accepted, and written in that order: those below `written` are in the video.

    `fps`, the source's nominal rate, may be set before the first picture.
    """

    def __init__(self, path: Path, room: Room) -> None:
        self.fps: float | None = None
        self.accepted = self.written = 0
        self._path, self._room = path, room
        self._size: tuple[int, ...] | None = None
        self._video: VideoWriter | None = None
        self._lane = Lane("encoder", self._fits, self._write, self._close)
        self.start = self._lane.start  # once the folder exists
        self.finish = self._lane.finish

    @property
    def error(self) -> Exception | None:
        """The error that stopped it, if any: it then accepts no more pictures."""
        return self._lane.error

    @property
    def finishing(self) -> bool:
        """Whether it is finishing: it then accepts no more pictures."""
        return self._lane.finishing

    def offer(self, image: Image, time: float) -> int | None:
        """Queue a picture. Return its number in the video, or None if there is no room or its size differs from the
        first.

        For one thread.
        """
        self._size = self._size or image.shape
        if image.shape != self._size or not self._lane.offer((image, time)):
            return None
        self.accepted += 1
        return self.accepted - 1

    def _fits(self, waiting: int, item: tuple[Image, float]) -> bool:
        return waiting < min(self._room.pictures, self._room.size // item[0].nbytes)

    def _write(self, item: tuple[Image, float]) -> None:
        image, time = item
        if self._video is None:
            self._video = VideoWriter(self._path, self.fps or _USUAL_FPS, CRASH_SAFE)
        self._video.write(image, time)
        self.written = self._video.frames

    def _close(self) -> None:
        if self._video is None:
            return
        try:
            self._video.close()
        except Exception as error:
            # What was written before stays readable.
            log.warning("the video's end cannot be written: %s", error)
        if self.error is not None:
            # Some of the last encoded pictures did not reach the disk.
            self.written = count_pictures(self._path)
