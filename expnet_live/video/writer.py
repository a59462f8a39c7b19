"""Writes videos with the true timestamps of their frames: the one writer, for sessions and overlays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import cv2

from expnet_live.core.types import Image
from expnet_live.video.opening import open_media
from expnet_live.video.sound import Sound, SoundTrack

KEY_EVERY = 30  # frames between key frames of a session's video: the most that a player decodes to show one
_CLUSTER = 200  # most ms of a session's video in memory before they are written
_APART = 2_500_000  # most us that pictures wait for the sound of their time, or sound for pictures


@dataclass(frozen=True)
class Kind:
    """A container and its compression; `sound` is the codec of sound. `ticks` per second are the resolution of its
    timestamps.

    `from_zero`: times count from the first frame. Otherwise they are written unchanged.
    """

    container: str
    ticks: int
    preset: str
    from_zero: bool
    sound: str
    tune: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    key_every: int | None = None


# Usual frame rates, including 29.97, divide 60,000, and MPEG-4 allows at most 65,535.
MP4 = Kind("mp4", 60_000, "ultrafast", from_zero=True, sound="aac")  # compressing costs no more than drawing
MOV = replace(MP4, container="mov")
# Readable up to its last fraction of a second, however the program ends: nothing is reordered or held back, and
# clusters are short and are written when they end. Matroska counts in milliseconds.
CRASH_SAFE = Kind(
    "matroska",
    1000,
    "ultrafast",
    from_zero=False,
    sound="flac",
    tune="zerolatency",
    options={"cluster_time_limit": str(_CLUSTER), "flush_packets": "1", "max_interleave_delta": str(_APART)},
    key_every=KEY_EVERY,
)


class VideoWriter:
    """Writes BGR frames (H, W, 3) as H.264 (MPEG-4 where PyAV has no H.264); `frames` counts them.

    As a context manager, it completes the file when the block ends; otherwise call `close`. Every frame makes one
    picture. Timestamps are in seconds; one that does not advance moves on by a millisecond. Odd sizes grow by a pixel,
    because the format needs even ones; a frame whose size differs from the first is resized. With `sound`, there is a
    sound track for `write_sound`. `timecode` is that of the first frame, HH:MM:SS:FF, in a track of its own (MOV).
    Raises OSError, or another av.FFmpegError.
    """

    def __init__(
        self,
        path: Path,
        fps: float = 30.0,
        kind: Kind = MP4,
        codec: str | None = None,
        *,
        sound: bool = False,
        timecode: str = "",
    ) -> None:
        import av

        self.frames = 0
        self._av, self._fps, self._kind = av, fps, kind
        self._codec = codec or ("libx264" if "libx264" in av.codecs_available else "mpeg4")
        self._container = open_media(path, "w", format=kind.container, container_options=dict(kind.options))
        self._stream: Any = None
        self._with_sound, self._timecode = sound, timecode
        self._sound: SoundTrack | None = None
        self._early: list[Sound] = []  # sound before the first picture
        self._start = 0.0
        self._step = kind.ticks // 1000
        self._last = -self._step

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()

    def abandon(self) -> None:
        """Closes a file that stays without its end."""
        self._container.close()

    def close(self) -> None:
        try:
            # To end an encoder that could not begin, such as one for too wide pictures, would crash PyAV 19.
            if self.frames:
                self._container.mux(self._stream.encode(None))
            if self._sound is not None:
                self._sound.close()
        finally:
            self._container.close()

    def write(self, image: Image, time: float) -> None:
        if self._stream is None:
            self._open(image.shape[1], image.shape[0])
            self._start = time if self._kind.from_zero else 0.0
            if self._with_sound:
                self._sound = SoundTrack(self._container, self._kind.sound)
        # More accurate than PyAV's own conversion, and faster.
        yuv = cv2.cvtColor(self._fitted(image), cv2.COLOR_BGR2YUV_I420)
        frame = self._av.VideoFrame.from_ndarray(yuv, format="yuv420p")
        frame.time_base = Fraction(1, self._kind.ticks)
        ticks = round((time - self._start) * self._kind.ticks)
        self._last = frame.pts = ticks if ticks > self._last else self._last + self._step
        self._container.mux(self._stream.encode(frame))
        self.frames += 1
        early, self._early = self._early, []
        for sound in early:
            self.write_sound(sound)

    def write_sound(self, sound: Sound) -> None:
        """Add sound, in order, at times on the clock of the pictures. Sound before the first picture is left out."""
        if self._sound is not None:
            self._sound.write(Sound(sound.samples, sound.time - self._start))
        elif self._with_sound:
            self._early.append(sound)

    def fill_sound(self, time: float) -> None:
        """Make it silent up to `time` where there is no sound yet."""
        if self._sound is not None:
            self._sound.fill(time - self._start)

    def _fitted(self, image: Image) -> Image:
        h, w = image.shape[:2]
        size = self._stream.width, self._stream.height
        if (w, h) == size:
            return image
        if (w + w % 2, h + h % 2) == size:
            return cv2.copyMakeBorder(image, 0, h % 2, 0, w % 2, cv2.BORDER_REPLICATE)
        return cv2.resize(image, size, interpolation=cv2.INTER_AREA)

    def _open(self, width: int, height: int) -> None:
        kind = self._kind
        self._stream = self._container.add_stream(self._codec, rate=Fraction(self._fps).limit_denominator(1001))
        self._stream.width, self._stream.height = width + width % 2, height + height % 2
        self._stream.pix_fmt = "yuv420p"
        if self._timecode:
            self._stream.metadata["timecode"] = self._timecode
        context = self._stream.codec_context
        context.time_base = Fraction(1, kind.ticks)
        if kind.key_every is not None:
            context.gop_size, context.max_b_frames, context.thread_count = kind.key_every, 0, 1
        if self._codec == "libx264":
            tune = {"tune": kind.tune} if kind.tune else {}
            self._stream.options = {"crf": "20", "preset": kind.preset, **tune}
        else:
            context.bit_rate = 8_000_000
