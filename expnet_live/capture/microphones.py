"""Microphones, which are opened only for recordings that ask for sound.

PyAV's own FFmpeg opens them on macOS and Windows. Its wheels for Linux know neither PulseAudio nor the system's
configuration of ALSA, so there a program of the sound system delivers the samples.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from typing import Protocol, Self

import numpy as np

from expnet_live.core.errors import SourceError
from expnet_live.video.opening import open_device
from expnet_live.video.sound import CHANNELS, RATE, Resampler, Sound, SteadyClock

DEFAULT = "microphone"  # the name of the system's default
_WINDOW = 10.0  # s in which a block arrives at its least delay at least once
_BLOCK = 960 * CHANNELS * 2  # bytes of 20 ms
_DEVICES = ("alsa", "avfoundation", "dshow", "jack", "lavfi", "oss", "pulse", "sndio")  # FFmpeg's, with sound
# What each program needs before and behind the name of a device.
_PROGRAMS: Mapping[str, tuple[list[str], str]] = {
    "parec": (
        ["--raw", "--format=s16le", f"--rate={RATE}", f"--channels={CHANNELS}", "--latency-msec=20"],
        "--device=",
    ),
    "arecord": (
        ["-q", "-t", "raw", "-f", "S16_LE", "-r", str(RATE), "-c", str(CHANNELS), "--period-time=20000"],
        "--device=",
    ),
}


class Microphone(Protocol):
    """Blocks of sound with monotonic times, to be iterated once. Iterating raises SourceError when it breaks off.

    `name` is the device's; `close` is for any thread, and ends the iteration after the next block at the latest.
    """

    name: str

    def __iter__(self) -> Iterator[Sound]: ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...


def open_microphone(device: str = "") -> Microphone:
    """Open a microphone and wait for its first sound; empty: the system's default.

    `device` is a name of the system's, or that of a device of FFmpeg with its system, such as "alsa:hw:1". This takes
    up to a second, and some systems ask the user for permission. Raises SourceError with one sentence.
    """
    system, colon, name = device.partition(":")
    if colon and system in _DEVICES:
        return _DeviceMicrophone(system, name, device)
    if sys.platform == "darwin":
        return _DeviceMicrophone("avfoundation", f":{device or 'default'}", device)
    if sys.platform == "win32":
        device = device or _first_of_windows()
        return _DeviceMicrophone("dshow", f"audio={device}", device, audio_buffer_size="20")
    for program in _PROGRAMS:
        if found := shutil.which(program):
            return _ProgramMicrophone(found, program, device)
    raise SourceError("No microphone can be opened without a program for it; install pulseaudio-utils or alsa-utils.")


def _first_of_windows() -> str:
    import av

    devices = [d for d in av.enumerate_input_devices("dshow") if "audio" in d.media_types]
    if not devices:
        raise SourceError("There is no microphone; connect one, or record without sound.")
    return max(devices, key=lambda d: d.is_default).description


class _Closing:
    _closed = False

    def close(self) -> None:
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class _DeviceMicrophone(_Closing):
    """A device of FFmpeg's."""

    def __init__(self, system: str, name: str, device: str, **options: str) -> None:
        import av

        self._device, self.name = device, device or DEFAULT
        try:
            self._container = open_device(system, name, **options)
        except (av.FFmpegError, OSError, ValueError) as error:
            raise _cannot_open(device, error) from error
        if not self._container.streams.audio:
            self._container.close()
            raise SourceError(f"{device} has no sound; choose a microphone.")

    def __iter__(self) -> Iterator[Sound]:
        import av

        clock, resampled = SteadyClock(_WINDOW), Resampler()
        try:
            for frame in self._container.decode(audio=0):
                if self._closed:
                    break
                now = time.monotonic()
                for sound in resampled(frame):
                    yield Sound(sound.samples, clock(sound.end, now) - sound.end + sound.time)
        except (av.FFmpegError, OSError) as error:
            raise _broken_off(self._device) from error
        finally:
            self._container.close()
        if not self._closed:
            raise _broken_off(self._device)


class _ProgramMicrophone(_Closing):
    """A program that writes samples to its output."""

    def __init__(self, path: str, program: str, device: str) -> None:
        self._device, self.name = device, device or DEFAULT
        options, choice = _PROGRAMS[program]
        command = [path, *options, *([choice + device] if device else [])]
        # Its messages go to a file: a pipe that nobody reads fills up in the end, and the program then stops.
        with tempfile.TemporaryFile() as messages:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=messages)
            self._first = self._read()
            if not self._first:
                self._process.communicate()
                messages.seek(0)
                said = messages.read().decode(errors="replace").strip()
                raise _cannot_open(device, said.splitlines()[-1] if said else f"{program} gave no sound")

    def __iter__(self) -> Iterator[Sound]:
        clock, block, n = SteadyClock(_WINDOW), self._first, 0
        while block and not self._closed:
            now = time.monotonic()
            whole = block[: len(block) // (2 * CHANNELS) * 2 * CHANNELS]
            samples = np.frombuffer(whole, np.int16).reshape(-1, CHANNELS)
            n += len(samples)
            yield Sound(samples, clock(n / RATE, now) - len(samples) / RATE)
            block = self._read()
        if not self._closed:
            raise _broken_off(self._device)

    def close(self) -> None:
        super().close()
        with self._process:
            self._process.terminate()

    def _read(self) -> bytes:
        assert self._process.stdout is not None
        return self._process.stdout.read(_BLOCK)


def _cannot_open(device: str, reason: object) -> SourceError:
    return SourceError(
        f"{_called(device)} cannot be opened ({reason}); connect it and allow its use in the system's privacy "
        "settings, or record without sound."
    )


def _broken_off(device: str) -> SourceError:
    return SourceError(f"{_called(device)} no longer gives sound; connect it again.")


def _called(device: str) -> str:
    return f"The microphone {device}".rstrip()
