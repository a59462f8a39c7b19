"""Augmentation: simulates the effects of a webcam, a bad detector box and occlusions on a crop.

The paper's robustness comes from training with the same label under such changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from expnet_live.core.types import Array, Image

Rng = np.random.Generator


@dataclass(frozen=True)
class AugmentConfig:
    """Probabilities, and sizes of the changes. `loose` crops come from a bad detector box, `close` ones of the rest are
    those of a second look, the others come from tracking."""

    loose: float = 0.3
    close: float = 0.0
    low_resolution: float = 0.25
    smallest_face: float = 10.0  # px, width of the face after shrinking
    occlusion: float = 0.3
    gray: float = 0.15
    photometric: float = 0.8
    blur: float = 0.25
    noise: float = 0.4
    jpeg: float = 0.3
    low_light: float = 0.08
    negative: float = 0.05
    wink: float = 0.08
    tongue: float = 0.0


PLAIN = AugmentConfig(
    loose=0,
    low_resolution=0,
    occlusion=0,
    gray=0,
    photometric=0,
    blur=0,
    noise=0,
    jpeg=0,
    low_light=0,
    negative=0,
    wink=0,
)

CLOSER = 1.38  # times as large as in a first look
FACE_WIDTH = 0.66  # of a network's crop, about 145 mm of 220


def similarity(rng: Rng, config: AugmentConfig, wide: int, wider: float, size: int) -> Array:
    """Matrix (2, 3) from the stored wide crop to a network's crop, with the errors of the tracker or a detector."""
    if rng.random() < config.loose:
        zoom, angle = np.exp(rng.uniform(-0.4, 0.4)), rng.normal(0, 0.22)
        shift = rng.uniform(-0.2, 0.2, 2)
    elif rng.random() < config.close:
        zoom, angle = CLOSER * np.exp(rng.normal(0, 0.08)), rng.normal(0, 0.04)
        shift = rng.normal(0, 0.02, 2)
    else:
        zoom, angle = np.exp(rng.normal(0, 0.05)), rng.normal(0, 0.05)
        shift = rng.normal(0, 0.03, 2)
    return _matrix(zoom, angle, shift, wide, wider, size)


def astray(rng: Rng, config: AugmentConfig, wide: int, wider: float, size: int) -> Array:
    """Matrix of a crop without an upright face: a corner of the picture, a piece of cheek, or a face on its side."""
    if rng.random() < 0.4:
        return _matrix(np.exp(rng.normal(0, 0.1)), rng.uniform(1.3, 5.0), rng.normal(0, 0.05, 2), wide, wider, size)
    corner = rng.choice([-1.0, 1.0], 2) * rng.uniform(0.55, 0.75, 2)
    return _matrix(np.exp(rng.uniform(0.7, 1.6)), rng.normal(0, 0.4), corner, wide, wider, size)


def _matrix(zoom: float, angle: float, shift: Array, wide: int, wider: float, size: int) -> Array:
    s = zoom * wider * size / wide
    a, b = s * np.cos(angle), s * np.sin(angle)
    cx, cy = (wide - 1) / 2 + shift * wide / wider
    middle = (size - 1) / 2
    return np.array([[a, -b, middle - a * cx + b * cy], [b, a, middle - b * cx - a * cy]])


def distort(image: Image, rng: Rng, config: AugmentConfig, other: Image, noise_bank: Array, face: Array) -> Image:
    """Change the pixels of a crop (S, S, 3).

    `other` is another picture whose patches may cover this one; `face` (n, 2) are points of the face in it, px.
    """
    x = image
    if rng.random() < config.occlusion:
        x = _occlude(x, rng, other, face)
    if rng.random() < config.gray:
        x = cv2.cvtColor(cv2.cvtColor(x, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    if rng.random() < config.photometric:
        x = _photometric(x, rng)
    dark = rng.random() < config.low_light
    if dark:
        x = cv2.convertScaleAbs(x, alpha=float(rng.uniform(0.12, 0.4)))
    if rng.random() < config.blur:
        x = _blur(x, rng)
    if rng.random() < config.low_resolution:
        x = _low_resolution(x, rng, config.smallest_face, noise_bank)
    if dark or rng.random() < config.noise:
        x = _noise(x, rng, noise_bank, float(rng.uniform(1, 12)) if not dark else float(rng.uniform(3, 14)))
    if rng.random() < config.jpeg:
        x = cv2.imdecode(cv2.imencode(".jpg", x, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(12, 85))])[1], 1)
    return x


def _photometric(x: Image, rng: Rng) -> Image:
    gamma = np.exp(rng.normal(0, 0.25))
    gain, bias = np.exp(rng.normal(0, 0.2, 3) * 0.4 + rng.normal(0, 0.2)), rng.normal(0, 12)
    ramp = np.arange(256) / 255
    table = np.clip(255 * (ramp[:, None] ** gamma) * gain + bias, 0, 255).astype(np.uint8)
    out: Image = cv2.LUT(x, table.reshape(1, 256, 3))
    if rng.random() < 0.3:  # light from one side
        size = x.shape[0]
        angle = rng.uniform(0, 2 * np.pi)
        line = np.linspace(-1, 1, size, dtype=np.float32)
        light = 1 + rng.uniform(0.2, 0.7) * (np.cos(angle) * line[None] + np.sin(angle) * line[:, None])
        out = np.clip(out * light[..., None], 0, 255).astype(np.uint8)
    return out


def _blur(x: Image, rng: Rng) -> Image:
    if rng.random() < 0.5:
        return cv2.GaussianBlur(x, (0, 0), float(rng.uniform(0.5, 2.2)))
    length = int(rng.integers(3, 10))
    kernel = np.zeros((length, length), np.float32)
    middle, angle = (length - 1) / 2, rng.uniform(0, np.pi)
    d = np.array([np.cos(angle), np.sin(angle)]) * middle
    a, b = np.round(middle - d).astype(int), np.round(middle + d).astype(int)
    cv2.line(kernel, (int(a[0]), int(a[1])), (int(b[0]), int(b[1])), 1.0)
    return cv2.filter2D(x, -1, kernel / kernel.sum())


def _low_resolution(x: Image, rng: Rng, smallest: float, noise_bank: Array) -> Image:
    size = x.shape[0]
    face = FACE_WIDTH * size
    width = np.exp(rng.uniform(np.log(smallest), np.log(face)))
    n = max(round(float(size * width / face)), 8)
    how = cv2.INTER_AREA if rng.random() < 0.8 else cv2.INTER_LINEAR
    small = cv2.resize(x, (n, n), interpolation=how)
    if rng.random() < 0.3:
        small = _noise(small, rng, noise_bank, float(rng.uniform(1, 5)))
    # Mostly linear, because the pipeline's own crop enlarges in this way.
    back = cv2.INTER_LINEAR if rng.random() < 0.8 else cv2.INTER_CUBIC
    return cv2.resize(small, (size, size), interpolation=back)


def _noise(x: Image, rng: Rng, bank: Array, sigma: float) -> Image:
    n = x.shape[0]
    i, j = rng.integers(0, bank.shape[0] - n, 2)
    patch = bank[i : i + n, j : j + n]
    if rng.random() < 0.5:
        patch = np.repeat(patch[..., :1], 3, axis=2)
    return cv2.add(x, np.round(patch * sigma), dtype=cv2.CV_8U)


def _occlude(x: Image, rng: Rng, other: Image, face: Array) -> Image:
    """Cover up to about half of the face: blobs like hands, bars like glasses or masks, one side, the frame's edge."""
    size = x.shape[0]
    out = x.copy()
    mask = np.zeros((size, size), np.uint8)
    kind = rng.random()
    if kind < 0.06:  # the edge of the frame
        cover_side(mask, rng, np.array([[0, 0], [0, size], [size, 0], [size, size]]), rng.uniform(0.08, 0.4))
        out[mask > 0] = 0
        return out
    solid = 0.3
    if kind < 0.14:
        for _ in range(int(rng.integers(1, 4))):
            cx, cy = (int(v) for v in rng.uniform(0.1, 0.9, 2) * size)
            a, b = (int(v) for v in rng.uniform(0.05, 0.26, 2) * size)
            cv2.ellipse(mask, (cx, cy), (a, b), float(rng.uniform(0, 180)), 0, 360, 255, -1)
    elif kind < 0.22:
        center, extent = rng.uniform(0.2, 0.8, 2) * size, rng.uniform(0.15, 0.75, 2) * size * (1.0, 0.6)
        box = cv2.boxPoints((center.tolist(), extent.tolist(), float(rng.normal(0, 25))))
        cv2.fillConvexPoly(mask, box.astype(np.int32), 255)
    else:  # a side of the face
        cover_side(mask, rng, face, rng.uniform(0.25, 0.42))
        solid = 0.7
    if rng.random() < solid:
        fill = np.broadcast_to(rng.integers(0, 256, 3).astype(np.uint8), x.shape)
    elif rng.random() < 0.7:
        fill = other[::-1, ::-1]
    else:  # skin of the face itself, as of a hand
        i, j = (rng.uniform(0.3, 0.7, 2) * size).astype(int)
        patch = x[max(i - 6, 0) : i + 6, max(j - 6, 0) : j + 6]
        fill = cv2.resize(patch, (size, size), interpolation=cv2.INTER_LINEAR)
    out[mask > 0] = fill[mask > 0]
    return out


def cover_side(mask: Image, rng: Rng, points: Array, share: float) -> None:
    """Cover this share of the area of `points` (n, 2), from one of four sides, at any small angle to it.

    If its edges were always aligned with the face, a network would use them as a cue for its rotation.
    """
    angle = rng.normal(0, 0.2)
    axes = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    span = points @ axes
    low, high = span.min(0), span.max(0)
    axis, depth = rng.integers(2), share * (high - low)
    if rng.random() < 0.5:
        high[axis] = low[axis] + depth[axis]
    else:
        low[axis] = high[axis] - depth[axis]
    (x0, y0), (x1, y1) = low, high
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]) @ axes.T
    cv2.fillConvexPoly(mask, np.round(corners).astype(np.int32), 255)
