"""Finds where a long video can be cut into parts that are read separately."""

from __future__ import annotations

import logging
from pathlib import Path

from expnet_live.video.opening import open_media
from expnet_live.video.streams import is_raw, video_stream
from expnet_live.video.wholeness import cut_off

log = logging.getLogger(__name__)

_INDEXED = ("mov", "matroska")  # formats whose index leads to any key frame


def cut_points(path: Path, seconds: float) -> tuple[float, ...]:
    """Times (s from the first frame) of key frames about `seconds` apart, without the first frame and near the end.

    Empty for a short video, and for one that must be read from its start to its end: damaged, without an index, or
    with times that are missing or repeat.
    """
    import av

    if cut_off(path) is not False:
        return ()
    try:
        with open_media(path) as container:
            stream = video_stream(container)
            if stream is None or is_raw(container) or not container.format.name.startswith(_INDEXED):
                return ()
            stamps, keys = set(), []
            n = 0
            for packet in container.demux(stream):
                if not packet.size or packet.is_discard:
                    continue
                if packet.pts is None or packet.time_base is None or packet.is_corrupt:
                    return ()
                n += 1
                stamps.add(packet.pts)
                if packet.is_keyframe:
                    keys.append(packet.pts)
            tick = stream.time_base
    except (av.FFmpegError, OSError) as error:
        log.info("%s: not cut: %s", path, error)
        return ()
    if len(stamps) != n or not keys or tick is None or keys[0] != min(stamps):
        return ()
    first, last = min(stamps), max(stamps)
    points: list[float] = []
    for key in sorted(keys):
        # As the reader computes a frame's time.
        time, rest = float(key * tick) - float(first * tick), float((last - key) * tick)
        if time - (points[-1] if points else 0.0) >= seconds and rest >= seconds / 2:
            points.append(time)
    return tuple(points)
