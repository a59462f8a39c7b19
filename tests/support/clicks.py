"""Clips and microphones that click when a picture flashes, and the measure of how far both are apart."""

from __future__ import annotations

import sys
import time
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from expnet_live.core.types import Array, Image
from expnet_live.video.opening import open_media

FPS, RATE, WIDTH, HEIGHT, CORNER = 30, 48_000, 320, 240, 48
EVERY, LENGTH = 0.5, 0.01  # s between clicks, and of one


def flash(on: bool, image: Image | None = None) -> Image:
    """A dark picture, or `image`, with a light or dark corner."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8) if image is None else cv2.resize(image, (WIDTH, HEIGHT))
    image[:CORNER, :CORNER] = 255 if on else 0
    return image


def clicks(times: Array) -> Array:
    """The sound int16 (N,) at these times in s: a click at each EVERY."""
    return np.where(times % EVERY < LENGTH, 20_000 * np.sin(2 * np.pi * 1000 * times), 0).astype(np.int16)


def write_clicking(
    path: Path, seconds: float, codec: str = "aac", rate: int = 44_100, start: int = 0, image: Image | None = None
) -> Path:
    """A clip of `image` that flashes and clicks each EVERY s, and whose stamps begin at `start` pictures."""
    n = round(seconds * FPS)
    with open_media(path, "w") as out:
        video, audio = out.add_stream("libx264", rate=FPS), out.add_stream(codec, rate=rate, layout="mono")
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.codec_context.max_b_frames = 2
        samples = clicks(np.arange(round(seconds * rate)) / rate)
        sound = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        sound.sample_rate, sound.pts, sound.time_base = rate, start * rate // FPS, Fraction(1, rate)
        for i in range(n):
            frame = av.VideoFrame.from_ndarray(flash(i % round(EVERY * FPS) == 0, image), format="bgr24")
            frame.pts, frame.time_base = start + i, Fraction(1, FPS)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        out.mux(audio.encode(sound))
        out.mux(audio.encode(None))
    return path


def flashes_of(path: Path) -> list[float]:
    """The times in s at which pictures turn white."""
    with open_media(path) as video:
        bright = [
            (f.time or 0.0, f.to_ndarray(format="gray")[:CORNER, :CORNER].mean() > 120) for f in video.decode(video=0)
        ]
    return [time for (time, on), (_, before) in zip(bright[1:], bright, strict=False) if on and not before]


def clicks_of(path: Path) -> list[float]:
    """The times in s at which clicks begin."""
    times, loud = [], []
    with open_media(path) as video:
        for frame in video.decode(audio=0):
            samples = frame.to_ndarray().astype(np.float64)
            channels = frame.layout.nb_channels
            first = samples.reshape(-1, channels)[:, 0] if frame.format.is_packed else samples[0]
            times.append((frame.time or 0.0) + np.arange(len(first)) / frame.sample_rate)
            loud.append(np.abs(first))
    at, level = np.concatenate(times), np.concatenate(loud)
    on = np.flatnonzero(level > 0.3 * level.max())
    return at[on[np.diff(on, prepend=-RATE) > 0.1 * RATE]].tolist()


def apart(path: Path) -> list[float]:
    """For each flash, how many s the next click is from it."""
    heard = np.array(clicks_of(path))
    return [float(np.abs(heard - flash).min()) for flash in flashes_of(path)]


def main() -> None:
    """A microphone that clicks by this computer's monotonic clock, as `parec` writes its samples."""
    step, first = 0.02, time.monotonic()
    n = 0
    while True:
        times = first + (n + np.arange(round(step * RATE))) / RATE
        n += len(times)
        time.sleep(max(0.0, first + n / RATE - time.monotonic()))  # the pace of a sound card
        sys.stdout.buffer.write(np.repeat(clicks(times)[:, None], 2, 1).tobytes())
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
