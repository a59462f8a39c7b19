"""Reads a session's video packet by packet, even if it was cut off."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from expnet_live.video.opening import open_media

if TYPE_CHECKING:
    from av import Packet, VideoStream
    from av.container import InputContainer

log = logging.getLogger(__name__)


def count_pictures(path: Path) -> int:
    """The number of readable pictures in a video, even if it was cut off."""
    source = opened(path)
    if source is None:
        return 0
    with source:
        return sum(1 for _ in packets(source))


def mend(path: Path, mended: Path) -> int:
    """Copy the readable part of a cut-off video with its sound, and add the missing index and length. Return the number
    of pictures.

    If there are none, `mended` does not exist afterwards. Raises OSError if it cannot be written.
    """
    pictures = 0
    source = opened(path)
    if source is not None:
        with source, open_media(mended, "w", format="matroska") as out:
            streams = [*source.streams.video[:1], *source.streams.audio]
            copies = {stream.index: out.add_stream_from_template(stream) for stream in streams}
            for packet in _packets(source, streams):
                pictures += packet.stream.type == "video"
                packet.stream = copies[packet.stream.index]
                out.mux(packet)
    if not pictures:
        mended.unlink(missing_ok=True)
    return pictures


def opened(path: Path) -> InputContainer | None:
    """Open it, or return None if it is not a video."""
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
    """The complete packets of the pictures, up to the first damage."""
    return cast("Iterator[Packet[VideoStream]]", _packets(source, source.streams.video[:1]))


def _packets(source: InputContainer, streams: Sequence[Any]) -> Iterator[Packet[Any]]:
    import av

    read = source.demux(*streams)
    while True:
        try:
            packet = next(read)
        except (av.FFmpegError, StopIteration):
            return
        if packet.is_corrupt:
            return
        # Each stream ends with an empty one.
        if packet.size:
            yield packet
