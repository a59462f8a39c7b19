"""The video's lane, a bounded queue of pictures and sound for the encoder."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from expnet_live.core.types import Image
from expnet_live.sessions.recording.lane import Lane
from expnet_live.sessions.recording.listening import Listener
from expnet_live.video.mkv import count_pictures
from expnet_live.video.sound import Sound
from expnet_live.video.writer import CRASH_SAFE, VideoWriter

log = logging.getLogger(__name__)

_USUAL_FPS = 30.0
_PATIENCE = 2.0  # s that the first pictures wait for the microphone
_LATE = 2.0  # s that sound may be behind the pictures before silence takes its place
_MOST_SOUND = 10_000  # blocks that may wait


@dataclass(frozen=True)
class Room:
    """The most pictures that may wait, and the most bytes."""

    pictures: int = 90
    size: float = 250e6


class Encoder:
    """Pictures are numbered when they are accepted, and written in that order: those below `written` are in the video.

    `fps`, the source's nominal rate, may be set before the first picture. The video has sound if there is a `listener`
    that hears something when the first picture is written; `sounding` says so. `unfit` counts the pictures that had
    another size than the first.
    """

    def __init__(self, path: Path, room: Room, listener: Listener | None = None) -> None:
        self.fps: float | None = None
        self.accepted = self.written = self.unfit = 0
        self.sounding = False
        self._path, self._room, self._listener = path, room, listener
        self._taken = 0  # pictures
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
        if image.shape != self._size:
            self.unfit += 1
            return None
        if not self._lane.offer((image, time)):
            return None
        self.accepted += 1
        return self.accepted - 1

    def hear(self, sound: Sound) -> None:
        """Queue sound, at times of the session."""
        self._lane.offer(sound)

    def _fits(self, waiting: int, item: tuple[Image, float] | Sound) -> bool:
        if isinstance(item, Sound):
            return waiting < _MOST_SOUND
        return self.accepted - self._taken < min(self._room.pictures, self._room.size // item[0].nbytes)

    def _write(self, item: tuple[Image, float] | Sound) -> None:
        self._taken += not isinstance(item, Sound)
        video = self._video = self._video or self._opened()
        if isinstance(item, Sound):
            video.write_sound(item)
            return
        image, time = item
        video.write(image, time)
        video.fill_sound(time - _LATE)
        self.written = video.frames

    def _opened(self) -> VideoWriter:
        listener = self._listener
        self.sounding = listener is not None and listener.ready.wait(_PATIENCE) and listener.listening
        return VideoWriter(self._path, self.fps or _USUAL_FPS, CRASH_SAFE, sound=self.sounding)

    def _close(self) -> None:
        if self._video is None:
            return
        try:
            self._video.close()
        except Exception as error:
            # What was written before stays readable.
            log.warning("The end of the video %s cannot be written (%s).", self._path, error)
        if self.error is not None:
            # Some of the last encoded pictures did not reach the disk.
            self.written = count_pictures(self._path)
