"""Chooses the video stream of a file, and judges which of its claims to trust."""

from __future__ import annotations

from typing import TYPE_CHECKING, SupportsFloat

if TYPE_CHECKING:
    from av import VideoStream
    from av.container import InputContainer

_PICTURES = {"mjpeg", "png", "apng", "bmp", "gif", "tiff", "webp"}
_NO_TIMESTAMPS = 0x0080  # AVFMT_NOTIMESTAMPS


def video_stream(container: InputContainer) -> VideoStream | None:
    """The stream that players show: the default video, never a cover, preview or thumbnail.

    None if there is none that can be decoded: sound with a cover is not a video.
    """
    from av.stream import Disposition

    aside = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
    shown = [s for s in container.streams.video if not s.disposition & aside and s.codec_context is not None]

    def rank(stream: VideoStream) -> tuple[bool, bool, int]:
        # 0 frames means that the format does not say. Previews are also stored as picture tracks.
        moving = stream.frames != 1 and stream.codec_context.name not in _PICTURES
        return moving, bool(stream.disposition & Disposition.default), stream.width * stream.height

    return max(shown, key=rank, default=None)


def is_raw(container: InputContainer) -> bool:
    """Whether it is a raw stream, as written by camera encoders: without times, length or index."""
    return bool(container.format.flags & _NO_TIMESTAMPS)


def frame_rate(container: InputContainer, stream: VideoStream) -> float | None:
    """Nominal frames per second. The average of a raw stream is FFmpeg's default of 25; its headers are more
    accurate.
    """
    first, second = stream.average_rate, stream.guessed_rate
    if is_raw(container):
        first, second = second, first
    return plausible_rate(first or second)


def plausible_rate(rate: SupportsFloat | None) -> float | None:
    """Frames per second as a file or a driver claims them; None for claims such as -1, by which drivers say nothing."""
    value = float(rate or 0)
    return value if 0 < value <= 10_000 else None
