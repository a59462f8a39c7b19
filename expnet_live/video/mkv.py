"""The video of a session: readable up to its last fraction of a second, however its program ends."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import cv2

from expnet_live.core.types import Image
from expnet_live.video.opening import open_media

if TYPE_CHECKING:
    from av import Packet, VideoStream
    from av.container import InputContainer

log = logging.getLogger(__name__)

_TICKS = 1000  # per second: Matroska's own
_CLUSTER = 200  # ms of video that are in memory at most before they are written
KEY_EVERY = 30  # frames: how far a player has to decode to show any one


class SessionVideo:
    """Writes BGR frames (H, W, 3) as H.264 (MPEG-4 where PyAV has no H.264) in Matroska, each as soon as it is there.

    Every frame makes one picture: nothing is reordered, held back, or left out. Sides that are odd grow by a pixel, as
    the format wants even ones. Raises OSError, or another av.FFmpegError.
    """

    def __init__(self, path: Path, width: int, height: int, fps: float, codec: str | None = None) -> None:
        import av

        self._av = av
        self.frames = 0
        self._last = -1
        # Clusters that end soon and are written when they end.
        options = {"cluster_time_limit": str(_CLUSTER), "flush_packets": "1"}
        self._container = open_media(path, "w", format="matroska", container_options=options)
        codec = codec or ("libx264" if "libx264" in av.codecs_available else "mpeg4")
        self._stream = cast(Any, self._container.add_stream(codec, rate=Fraction(fps).limit_denominator(1001)))
        self._stream.width, self._stream.height = width + width % 2, height + height % 2
        self._stream.pix_fmt = "yuv420p"
        context = self._stream.codec_context
        context.time_base = Fraction(1, _TICKS)
        context.gop_size, context.max_b_frames, context.thread_count = KEY_EVERY, 0, 1
        if codec == "libx264":
            self._stream.options = {"crf": "20", "preset": "ultrafast", "tune": "zerolatency"}
        else:
            context.bit_rate = 8_000_000

    def write(self, image: Image, time: float) -> None:
        """`time` in s; it is moved on by a millisecond where it does not advance."""
        h, w = image.shape[:2]
        if (w % 2, h % 2) != (0, 0):
            image = cv2.copyMakeBorder(image, 0, h % 2, 0, w % 2, cv2.BORDER_REPLICATE)
        # Nearer to the picture than PyAV's own conversion, and quicker.
        yuv = cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420)
        frame = self._av.VideoFrame.from_ndarray(yuv, format="yuv420p")
        frame.time_base = Fraction(1, _TICKS)
        self._last = frame.pts = max(round(time * _TICKS), self._last + 1)
        self._container.mux(self._stream.encode(frame))
        self.frames += 1

    def close(self) -> None:
        try:
            if self.frames:
                self._container.mux(self._stream.encode(None))
        finally:
            self._container.close()


def count_pictures(path: Path) -> int:
    """How many pictures of a video are readable, also of one that was cut off."""
    source = opened(path)
    if source is None:
        return 0
    with source:
        return sum(1 for _ in packets(source))


def mend(path: Path, mended: Path) -> int:
    """Copies what is readable of a video that was cut off, with the index and length that it lacks; pictures copied.

    Without a single one, `mended` is not there afterwards. Raises OSError when it cannot be written.
    """
    pictures = 0
    source = opened(path)
    if source is not None:
        with source, open_media(mended, "w", format="matroska") as out:
            stream = out.add_stream_from_template(source.streams.video[0])
            for packet in packets(source):
                packet.stream = stream
                out.mux(packet)
                pictures += 1
    if not pictures:
        mended.unlink(missing_ok=True)
    return pictures


def opened(path: Path) -> InputContainer | None:
    """None for what is no video."""
    import av

    try:
        source = open_media(path)
    except (av.FFmpegError, OSError) as e:
        log.info("%s: %s", path, e)
        return None
    if not source.streams.video:
        source.close()
        return None
    return source


def packets(source: InputContainer) -> Iterator[Packet[VideoStream]]:
    """The whole ones, up to the first damage."""
    import av

    read = source.demux(source.streams.video[0])
    while True:
        try:
            packet = next(read)
        except (av.FFmpegError, StopIteration):
            return
        # The last one is empty.
        if packet.is_corrupt or not packet.size:
            return
        yield packet
