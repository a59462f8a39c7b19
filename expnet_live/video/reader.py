"""The one reader of videos: whole, upright, deinterlaced pictures with square pixels, and their own times."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, cast

from expnet_live.core.errors import SourceError
from expnet_live.core.types import Image
from expnet_live.video.clock import timed
from expnet_live.video.conversion import ToBgr
from expnet_live.video.deinterlacing import deinterlaced
from expnet_live.video.hdr import ToneMapper, is_hdr
from expnet_live.video.opening import open_media, refuse_pipes
from expnet_live.video.orientation import display_turn, square_pixels, turned
from expnet_live.video.streams import frame_rate, is_raw, video_stream
from expnet_live.video.wholeness import cut_off

if TYPE_CHECKING:
    from av import Packet, VideoFrame, VideoStream
    from av.container import InputContainer

log = logging.getLogger(__name__)

_NO_VIDEO = "is damaged or not a video; try to play it, or copy it again"
_USUAL_RATE = 30.0
_LENGTH_IS_A_GUESS = {"mpeg", "mpegts"}  # FFmpeg takes the last timestamp in the file for its length
_COUNTED = 16_000_000  # bytes of a raw stream from which its length is estimated
_CLOSED = {"h264", "mjpeg"}  # raw streams in which no frame refers across a key frame
_BACK = (0.0, 1.0, 5.0, 20.0)  # s before a position at which to look for a key frame: some indexes point after it


@dataclass(frozen=True, eq=False)
class Picture:
    """`image`: BGR uint8 (H, W, 3); `time`: s from the video's first frame; `index`: frames before it."""

    image: Image
    time: float
    index: int


class VideoReader:
    """The pictures of a file, to be iterated once. Call `close` at the end.

    `fps` is the nominal rate; `duration` in s and `n_frames` are the file's own claims; None if unknown. Raises
    SourceError if the file cannot be opened, and, while iterating over a damaged file, after its good frames.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._from = 0.0
        self._origin: float | None = None
        self._skipped = 0  # frames before the first that is decoded
        self._damages = 0
        self._reached = 0.0
        self._read = self._closed = False  # to its end; by its user
        self._lock = threading.RLock()  # FFmpeg ends the whole program when what it reads is closed
        self._open()
        self.raw = is_raw(self._container)
        self.fps = frame_rate(self._container, self._stream)
        self._step = 1 / (self.fps or _USUAL_RATE)
        self.duration = self._length()
        self.n_frames = self._count()

    def seek(self, seconds: float) -> None:
        """Start the iteration at the frame shown at `seconds`."""
        if seconds <= 0:
            return
        with self._lock:
            self._check_open()
            self._from = seconds
            if self.raw:
                self._seek_raw(seconds)
            else:
                self._seek(seconds)

    def __iter__(self) -> Iterator[Picture]:
        pictures = self._pictures()
        while True:
            with self._lock:
                self._check_open()
                picture = next(pictures, None)
            if picture is None:
                return
            yield picture

    def _pictures(self) -> Iterator[Picture]:
        stamped = ((self._stamp(f), (f, p)) for f, p in deinterlaced(self._frames))
        times: Iterator[tuple[float, tuple[VideoFrame, VideoFrame]]]
        if self.raw:
            times = (((i + self._skipped) * self._step, pair) for i, (_, pair) in enumerate(stamped))
        else:
            times = timed(stamped, self._step, self._origin)
        tone_mapped, converted = ToneMapper(), ToBgr()
        n = 0
        for time, (frame, picture) in self._wanted(times):
            if n == 0:
                first = round(time / self._step)
            image = tone_mapped(picture) if is_hdr(frame) else converted(picture)
            image = turned(square_pixels(image, self._stream.sample_aspect_ratio), display_turn(frame))
            yield Picture(image, time, first + n)
            n += 1
        if n == 0 and self._read and not self._from:
            raise SourceError(f"{self._path} has been read to its end already; open it again.")
        self._read = True
        if n == 0 and not self._from:
            raise SourceError(f"{self._path} has no frame that can be decoded; try to play it, or copy it again.")
        if self._damaged():
            raise SourceError(f"{self._path} is damaged after {n} readable frames; copy it again from its source.")

    @property
    def damages(self) -> int:
        """The number of errors in what was decoded so far."""
        return self._damages

    def close(self) -> None:
        """Any thread may close it; the iteration then raises SourceError."""
        with self._lock:
            self._closed = True
            self._container.close()

    def _check_open(self) -> None:
        if self._closed:
            raise SourceError(f"{self._path} has been closed; open it again.")

    # --- opening ------------------------------------------------------------------------------

    def _open(self) -> None:
        import av

        path = self._path
        refuse_pipes(path)
        try:
            empty = path.stat().st_size == 0
            self._container: InputContainer = open_media(path)
        except (av.FFmpegError, OSError) as e:
            if isinstance(e, PermissionError):
                raise SourceError(f"{path} cannot be read; check its permissions.") from e
            if isinstance(e, FileNotFoundError):
                raise SourceError(f"There is no file, folder or camera {path}; check the name.") from e
            if empty:
                raise SourceError(f"{path} is empty; copy it again from its source.") from e
            raise SourceError(f"{path} {_NO_VIDEO}.") from e
        stream = video_stream(self._container)
        if stream is None:
            others = any(s.codec_context is not None for s in self._container.streams)
            nothing = "contains no pictures; choose a video" if others else _NO_VIDEO
            self._container.close()
            raise SourceError(f"{path} {nothing}.")
        self._stream: VideoStream = stream
        self._stream.thread_type = "AUTO"
        self._frames: Iterator[VideoFrame] = self._decoded()

    def _reopen(self) -> None:
        self._container.close()
        self._open()

    def _length(self) -> float | None:
        if self._container.duration and not self.raw:
            return self._container.duration / 1e6
        return self._guessed_length() if self.raw else None

    def _guessed_length(self) -> float | None:
        """Estimate the length of a raw stream from the number of frames in its first bytes."""
        read = packets = 0
        size = self._path.stat().st_size
        for packet in self._packets():
            read, packets = read + packet.size, packets + bool(packet.size)
            if read > _COUNTED:
                break
        self._reopen()
        return packets * self._step * (size / read if read > _COUNTED else 1) if packets else None

    def _count(self) -> int | None:
        """Exclude frames outside the shown part, which trims without re-encoding leave in the file."""
        promised = int(self._stream.frames) or None
        counted = round(self.duration * self.fps) if self.duration and self.fps else None
        return min(promised, counted) if promised and counted else promised or counted

    # --- seeking ------------------------------------------------------------------------------

    def _seek(self, seconds: float) -> None:
        import av

        first = next(self._frames, None)
        self._origin = None if first is None else self._stamp(first)
        tick = self._stream.time_base
        if self._origin is None or tick is None:
            self._start_over()
            return
        # Right after a seek, timestamps of MPEG-PS are guesses.
        for back in _BACK[2:] if self._container.format.name == "mpeg" else _BACK:
            if seconds - back <= 0:
                break
            try:
                self._container.seek(round((self._origin + seconds - back) / tick), stream=self._stream)
            except (av.FFmpegError, OSError) as e:
                log.info("%s: no seeking: %s", self._path, e)
                break
            frames = self._decoded()
            found = next(frames, None)
            stamp = None if found is None else self._stamp(found)
            if found is not None and stamp is not None and stamp - self._origin <= seconds + self._step / 2:
                self._frames = chain([found], frames)
                return
        self._start_over()

    def _start_over(self) -> None:
        self._origin = None
        self._reopen()

    def _seek_raw(self, seconds: float) -> None:
        """Seek in a raw stream, which has no index: count frames, and decode from the last key frame before the
        position.

        If frames shown before a key frame may need those after it, decode all, or the count would be wrong.
        """
        if self._stream.codec_context.name not in _CLOSED:
            return
        target, n, key = int(seconds / self._step + 1e-6), 0, 0
        for packet in self._packets():
            if n > target:
                break
            if packet.is_keyframe:
                key = n
            n += bool(packet.size)
        self._reopen()
        self._skipped = key

    # --- reading ------------------------------------------------------------------------------

    def _wanted(
        self, times: Iterator[tuple[float, tuple[VideoFrame, VideoFrame]]]
    ) -> Iterator[tuple[float, tuple[VideoFrame, VideoFrame]]]:
        """Skip frames before the start of the iteration: after a seek, decoding begins earlier."""
        before = None
        for item in times:
            if not self._from or item[0] > self._from + 1e-3:
                if before is not None:
                    yield before
                yield item
                yield from times
                return
            before = item
        # The last frame stays until the end.
        if before is not None and self._from < max(before[0] + self._step, self.duration or 0.0):
            yield before

    def _stamp(self, frame: VideoFrame) -> float | None:
        # AVI stores only the decoding order.
        ticks = frame.dts if self._container.format.name == "avi" else frame.pts
        if ticks is None or frame.time_base is None:
            return None
        return float(ticks * frame.time_base)

    def _packets(self) -> Iterator[Packet[VideoStream]]:
        """The packets of the video, as far as they can be read; also notes how far all streams reach."""
        import av

        start = (self._container.start_time or 0) / 1e6
        packets = self._container.demux()
        skip = self._skipped if self.raw else 0
        while True:
            try:
                packet = next(packets, None)
            except (av.FFmpegError, OSError) as e:
                self._note(e)
                return
            if packet is None:
                return
            stamp = packet.pts if packet.pts is not None else packet.dts
            if stamp is not None and packet.size:
                end = float((stamp + (packet.duration or 0)) * packet.time_base) - start
                self._reached = max(self._reached, end)
            if packet.stream.index != self._stream.index:
                continue
            if skip and packet.size:
                skip -= 1
                continue
            yield cast("Packet[VideoStream]", packet)

    def _decoded(self) -> Iterator[VideoFrame]:
        """All frames that can be decoded; counts errors."""
        import av

        clean = False
        for packet in self._packets():
            if packet.is_corrupt and clean:
                self._note("a packet is incomplete")
            try:
                frames = packet.decode()
            except (av.FFmpegError, OSError) as e:
                self._note(e)
                continue
            for frame in frames:
                # Broadcasts begin anywhere: references to earlier frames are not damage.
                if frame.is_corrupt and clean:
                    self._note("a frame is incomplete")
                clean = clean or not frame.is_corrupt
                yield frame

    def _note(self, damage: object) -> None:
        log.info("%s: %s", self._path, damage)
        self._damages += 1

    def _damaged(self) -> bool:
        """Whether frames are missing, judged by the decoded frames, the time reached, and the file's structure."""
        if self._damages or self._from:
            return self._damages > 0
        cut = cut_off(self._path)
        name = self._container.format.name
        fragments = name.startswith("mov") and not self._stream.frames  # whose length covers only the frames present
        known = self.duration is not None and not (self.raw or fragments or name in _LENGTH_IS_A_GUESS)
        if not known or self.duration is None:
            return bool(cut)
        short = self._reached < self.duration - max(2 * self._step, 0.1)
        return short and (cut or (cut is None and self._reached < 0.95 * self.duration))
