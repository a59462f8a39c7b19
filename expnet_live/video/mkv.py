"""Reads a session's video packet by packet, even if it was cut off."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from expnet_live.video.opening import open_media

if TYPE_CHECKING:
    from av import Packet, VideoStream
    from av.container import InputContainer

log = logging.getLogger(__name__)

_TRIED = 4  # groups of pictures, each of a second, at the end of a cut-off video: the disk has all that is older

_SAME_TIME = 0.002  # s by which rounding moves times


def count_pictures(path: Path, times: Mapping[int, float] | None = None) -> int:
    """The number of readable pictures in a video, even if it was cut off: those before the first that is damaged.

    `times`: those that are known, s, by the numbers of the pictures. A picture of another time is not that one: FFmpeg
    passes over damage, and later pictures would get the numbers of those that are lost.
    """
    source = opened(path)
    if source is None:
        return 0
    with source:
        return sum(1 for _ in _readable(source, source.streams.video[:1], times or {}))


def mend(path: Path, mended: Path, times: Mapping[int, float] | None = None) -> int:
    """Copy the readable part of a cut-off video with its sound, and add the missing index and length. Return the number
    of pictures, which are those of `count_pictures`.

    If there are none, `mended` does not exist afterwards. Raises OSError if it cannot be written.
    """
    import av

    pictures = 0
    source = opened(path)
    if source is not None:
        try:
            with source, open_media(mended, "w", format="matroska") as out:
                streams = [*source.streams.video[:1], *source.streams.audio]
                copies = {stream.index: out.add_stream_from_template(stream) for stream in streams}
                for packet in _readable(source, streams, times or {}):
                    pictures += packet.stream.type == "video"
                    packet.stream = copies[packet.stream.index]
                    out.mux(packet)
        except av.FFmpegError as error:
            raise OSError(error.errno, error.strerror) from error
    if not pictures:
        mended.unlink(missing_ok=True)
    return pictures


def _readable(source: InputContainer, streams: Sequence[Any], times: Mapping[int, float]) -> Iterator[Packet[Any]]:
    """The packets up to the first damaged picture.

    After a power cut a file has its full length, but zeros where its last seconds were not on the disk yet. So only the
    last pictures are decoded.
    """
    tried: list[list[Packet[Any]]] = [[]]  # from one key frame to the next
    for packet in _of(_packets(source, streams), times):
        if packet.stream.type == "video" and packet.is_keyframe:
            tried.append([])
            if len(tried) > _TRIED:
                yield from tried.pop(0)
        tried[-1].append(packet)
    last = [packet for group in tried for packet in group]
    good = _decodable(source, [packet for packet in last if packet.stream.type == "video"])
    for packet in last:
        if packet.stream.type == "video" and packet.pts not in good:
            return
        yield packet


def _of(packets: Iterator[Packet[Any]], times: Mapping[int, float]) -> Iterator[Packet[Any]]:
    """The packets up to the first picture of another time.

    Of pictures that came within a millisecond, as those that waited in a camera, `VideoWriter` moves the later ones on.
    """
    number, before = 0, -math.inf
    for packet in packets:
        if packet.stream.type == "video":
            now, time = float((packet.pts or 0) * packet.time_base), times.get(number)
            if time is not None and abs(now - time) > _SAME_TIME < now - before:
                return
            number, before = number + 1, now
        yield packet


def _decodable(source: InputContainer, packets: Sequence[Packet[VideoStream]]) -> set[int | None]:
    """The times of the pictures, the first of them a key frame, that decode without an error."""
    import av

    good: set[int | None] = set()
    stream = source.streams.video[0]
    stream.codec_context.thread_count = 1  # others return each picture, and its errors, late
    for packet in [*packets, None]:
        try:
            good |= {frame.pts for frame in stream.decode(packet) if not frame.is_corrupt}
        except av.FFmpegError as error:
            log.info("%s: %s", source.name, error)
    return good


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
    reached: dict[int, int] = {}  # of each stream
    while True:
        try:
            packet = next(read)
        except (av.FFmpegError, StopIteration):
            return
        if packet.is_corrupt:
            return
        if not packet.size:  # the end of a stream
            continue
        if packet.dts is None or packet.pts is None or packet.dts <= reached.get(packet.stream.index, packet.dts - 1):
            return  # where a file is damaged, times go back, which no video can store
        reached[packet.stream.index] = packet.dts
        yield packet
