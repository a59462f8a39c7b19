"""Sound beside pictures: reads it from videos, and writes it in step with them."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from expnet_live.core.types import Array
from expnet_live.video.opening import open_media, refuse_pipes
from expnet_live.video.streams import video_stream

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream
    from av.container import InputContainer, OutputContainer

log = logging.getLogger(__name__)

RATE, CHANNELS = 48_000, 2
_GAP = 0.04  # s by which sound may be out of step before silence is added, or an overlap removed
_DRIFT = 0.005  # s likewise, before it is stretched: clocks of microphones differ by up to a second in some hours
_STRETCH = 0.01  # most that sound is stretched, which nobody hears
_MEMORY = 0.1  # weight of a new block in the measured drift


@dataclass(frozen=True, eq=False)
class Sound:
    """A block of sound: `samples` int16 (N, 2) at 48 kHz; `time` in s of the first one."""

    samples: Array
    time: float

    @property
    def end(self) -> float:
        return self.time + len(self.samples) / RATE


class Resampler:
    """Converts what FFmpeg decodes to blocks, whose times are the frames' own, in s."""

    def __init__(self) -> None:
        import av

        self._resampler = av.AudioResampler(format="s16", layout="stereo", rate=RATE)
        self._next = 0.0

    def __call__(self, frame: AudioFrame | None) -> Iterator[Sound]:
        """The sound of the next frame, or, with None, the rest."""
        for out in self._resampler.resample(frame):
            samples = out.to_ndarray().reshape(-1, CHANNELS)
            if out.pts is not None and out.time_base is not None:
                self._next = float(out.pts * out.time_base)
            sound = Sound(samples, self._next)
            self._next = sound.end
            if len(samples):
                yield sound


class SoundTrack:
    """The sound of a video that is being written. Times are in s from the start of the track.

    Blocks come in order. A gap becomes silence, an overlap is removed, and sound that slowly gets out of step is
    stretched by up to 1 %.
    """

    def __init__(self, container: OutputContainer, codec: str) -> None:
        self._container = container
        self._stream: Any = container.add_stream(codec, rate=RATE, layout="stereo")
        if codec == "aac":
            self._stream.codec_context.bit_rate = 160_000
        self._written = 0  # samples
        self._off = 0.0  # samples by which blocks are out of step, as a moving average

    @property
    def end(self) -> float:
        """The time up to which there is sound."""
        return self._written / RATE

    def write(self, sound: Sound) -> None:
        off = round(sound.time * RATE) - self._written
        samples = sound.samples
        if not self._written or abs(off) > _GAP * RATE:
            self._off = 0.0
            self._silence(off)
            samples = samples[max(0, -off) :]
        else:
            self._off += _MEMORY * (off - self._off)
            if abs(self._off) > _DRIFT * RATE:
                most = max(1, int(_STRETCH * len(samples)))
                more = int(np.clip(round(self._off), -most, most))
                samples = _stretched(samples, len(samples) + more)
                self._off -= more
        self._encode(samples)

    def fill(self, time: float) -> None:
        """Add silence up to `time`."""
        self._silence(round(time * RATE) - self._written)

    def close(self) -> None:
        """Write what the encoder holds back."""
        if self._written:
            self._container.mux(self._stream.encode(None))

    def _silence(self, n: int) -> None:
        while n > 0:
            part = min(n, RATE)
            self._encode(np.zeros((part, CHANNELS), np.int16))
            n -= part

    def _encode(self, samples: Array) -> None:
        import av

        if not len(samples):
            return
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples).reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._written, Fraction(1, RATE)
        self._written += len(samples)
        self._container.mux(self._stream.encode(frame))


def _stretched(samples: Array, n: int) -> Array:
    """The samples (N, 2), interpolated to `n`."""
    at, before = np.linspace(0, len(samples) - 1, n), np.arange(len(samples))
    channels = [np.interp(at, before, samples[:, c]) for c in range(CHANNELS)]
    return np.rint(np.stack(channels, 1)).astype(np.int16)


class SoundReader:
    """The sound of a video, to be iterated once; times count from the video's first frame. Call `close` at the end.

    Damaged parts are left out, and it ends when it is closed.
    """

    def __init__(self, container: InputContainer, stream: AudioStream, origin: float) -> None:
        self._container, self._stream, self._origin = container, stream, origin
        self._from = 0.0
        self._closed = False
        self._lock = threading.Lock()  # FFmpeg ends the whole program when what it reads is closed

    @classmethod
    def open(cls, path: Path) -> SoundReader | None:
        """Open the sound of a video, or return None if it has none that can be decoded."""
        import av

        try:
            refuse_pipes(path)
            container = open_media(path)
        except (av.FFmpegError, OSError) as error:
            log.info("%s: %s", path, error)
            return None
        stream = _sound_stream(container)
        if stream is None:
            container.close()
            return None
        reader = cls(container, stream, _first_time(container))
        reader._back_to(0.0)
        return reader

    def seek(self, seconds: float) -> None:
        """Continue with the sound at `seconds`; after `close`, do nothing."""
        self._from = seconds
        with self._lock:
            if not self._closed:
                self._back_to(seconds)

    def __iter__(self) -> Iterator[Sound]:
        resampler = Resampler()
        for frame in self._frames():
            for sound in resampler(frame):
                yield from self._wanted(sound)
        for sound in resampler(None):
            yield from self._wanted(sound)

    def close(self) -> None:
        """Any thread may close it; the iteration then ends."""
        with self._lock:
            self._closed = True
            self._container.close()

    def _wanted(self, sound: Sound) -> Iterator[Sound]:
        time = sound.time - self._origin
        skipped = max(0, round((self._from - time) * RATE))
        if skipped < len(sound.samples):
            yield Sound(sound.samples[skipped:], time + skipped / RATE)

    def _back_to(self, seconds: float) -> None:
        import av

        try:
            # A little earlier, because codecs need a start.
            self._container.seek(round((self._origin + max(0.0, seconds - 0.1)) * 1e6))
        except (av.FFmpegError, OSError) as error:
            log.info("no seeking: %s", error)

    def _frames(self) -> Iterator[AudioFrame]:
        import av

        packets = iter(()) if self._closed else self._container.demux(self._stream)
        while True:
            try:
                with self._lock:
                    packet = None if self._closed else next(packets, None)
                    if packet is None:
                        return
                    frames = packet.decode()
            except (av.FFmpegError, OSError) as error:
                log.info("sound: %s", error)
                if isinstance(error, av.EOFError):
                    return
                continue
            yield from frames


class SoundCopy:
    """Copies sound beside the pictures of a writer: call `until` after each picture."""

    def __init__(self, reader: SoundReader, write: Callable[[Sound], None]) -> None:
        self._write = write
        self._sounds = iter(reader)
        self._next: Sound | None = next(self._sounds, None)

    def until(self, time: float) -> None:
        """Copy all that begins before `time`, in s of the video that is read."""
        while self._next is not None and self._next.time < time:
            self._write(self._next)
            self._next = next(self._sounds, None)


class SteadyClock:
    """Gives sound the times of this computer's monotonic clock.

    A block arrives late by chance, never early: what counts is the least delay of the last `window` s of sound.
    """

    def __init__(self, window: float) -> None:
        self._window = window
        self._delays: deque[tuple[float, float]] = deque()

    def __call__(self, stamp: float, now: float) -> float:
        """The monotonic time of `stamp`, a time on the sound's own clock that `now` has just passed."""
        self._delays.append((stamp, now - stamp))
        while stamp - self._delays[0][0] > self._window:
            self._delays.popleft()
        return stamp + min(delay for _, delay in self._delays)

    def reset(self) -> None:
        self._delays.clear()


def _sound_stream(container: InputContainer) -> AudioStream | None:
    from av.stream import Disposition

    streams = [s for s in container.streams.audio if s.codec_context is not None and s.rate]
    return max(streams, key=lambda s: bool(s.disposition & Disposition.default), default=None)


def _first_time(container: InputContainer) -> float:
    """The time of the first frame of the video, which its reader calls 0."""
    import av

    video = video_stream(container)
    if video is None:
        return 0.0
    try:
        time = next((frame.time for frame in container.decode(video) if frame.time is not None), None)
    except (av.FFmpegError, OSError):
        time = None
    return (container.start_time or 0) / 1e6 if time is None else time
