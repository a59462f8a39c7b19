"""Tongues, which photographs hardly ever show: one is drawn over the lower lip of a photo, and its label follows.

A network that sees tongues in synthetic pictures alone learns that photos have none.
"""

from __future__ import annotations

import cv2
import numpy as np

from expnet_live.core.types import Array, Image

# Points of the Face Mesh: corners of the mouth, inner edges of the upper and the lower lip, chin, skin of both cheeks.
_CORNERS, _UPPER, _LOWER, _CHIN, _CHEEKS = (78, 308), 13, 14, 152, (205, 425)
_FULL = 0.5  # of the way from the lower lip to the chin, that of a tongue which is fully out
_SHORTEST, _LONGEST = 0.12, 0.95
_ROUND = 0.4  # of the length, that of the tip
_LEAST = 5.0  # px, width of a mouth below which nothing is drawn


def put_out(image: Image, points: Array, rng: np.random.Generator) -> tuple[Image, float] | None:
    """A picture (H, W, 3) of the face with Face Mesh `points` (468, 2) px whose tongue is out, and how far, 0..1.

    None where the mouth is too small, or seen from the side.
    """
    right, left = points[list(_CORNERS)]
    width = float(np.linalg.norm(left - right))
    lip, chin = points[_LOWER], points[_CHIN]
    below = float(np.linalg.norm(chin - lip))
    if width < _LEAST or below < 0.4 * width:
        return None
    across, down = (left - right) / width, (chin - lip) / below
    reach = rng.uniform(_SHORTEST, _LONGEST)
    # It comes out of the dark of an open mouth, or from between the lips.
    opening = points[_UPPER] - lip
    root = lip + opening * rng.uniform(0.3, 0.75) + across * rng.normal(0, 0.05) * width
    start = float((lip - root) @ down)
    length, half = start + reach * below, width * rng.uniform(0.27, 0.44)
    bend, lean = rng.normal(0, 0.15), rng.normal(0, 0.12)

    height, span = image.shape[:2]
    reachable = length + half
    x0, y0 = np.maximum(np.floor(root - reachable).astype(int), 0)
    x1, y1 = np.minimum(np.ceil(root + reachable).astype(int) + 1, (span, height))
    if x1 - x0 < 2 or y1 - y0 < 2:
        return None
    x, y = np.meshgrid(np.arange(x0, x1), np.arange(y0, y1))
    off = np.stack([x, y], -1) - root
    t = off @ down / length
    s = off @ across - (lean * t + bend * t**2) * length
    tip = np.clip((t - (1 - _ROUND)) / _ROUND, 0, 1)
    edge = half * (1 - tip**2.4) ** (1 / 2.4)
    # Edges are as soft as a pixel.
    alpha = np.clip(edge - np.abs(s) + 0.5, 0, 1) * np.clip(t * length + 0.5, 0, 1) * (t < 1)
    shadow = cv2.GaussianBlur(alpha, (0, 0), max(0.12 * half, 0.6)) * rng.uniform(0.1, 0.5)
    shadow = np.roll(shadow, round(0.2 * half), 0) * (t > 0)

    s = np.clip(s / np.maximum(edge, 1e-3), -1, 1)
    inside = np.clip(start / length, 0, 1)
    light = 1 + 0.12 * rng.normal() * s - 0.3 * s**2 - rng.uniform(0, 0.25) * np.exp(-((s / 0.12) ** 2))
    deep = np.clip((inside - t) / max(inside, 1e-3), 0, 1) * min(start / (0.3 * width), 1)
    light *= (1 - rng.uniform(0.3, 0.8) * deep) * (1 + rng.uniform(-0.1, 0.25) * tip)
    color = _color(image, points, rng)[None, None] * light[..., None]
    shine = rng.uniform(0, 50) * np.exp(
        -(((t - rng.uniform(0.4, 0.9)) / 0.2) ** 2) - ((s - rng.normal(0, 0.3)) / 0.3) ** 2
    )
    part = image[y0:y1, x0:x1] * (1 - shadow[..., None] * (1 - alpha[..., None]))
    mixed = part + alpha[..., None] * (color + shine[..., None] - part)
    drawn = image.copy()
    drawn[y0:y1, x0:x1] = np.clip(mixed, 0, 255)
    return drawn, min(reach / _FULL, 1.0)


def _color(image: Image, points: Array, rng: np.random.Generator) -> Array:
    """A random BGR colour of a tongue for a photo's light; gray in gray photos."""
    x, y = np.clip(np.round(points[list(_CHEEKS)]).astype(int).T, 0, np.array(image.shape[1::-1])[:, None] - 1)
    skin = image[y, x].astype(np.float64).mean(0)
    bright = np.clip(skin.mean(), 30, 220) * rng.uniform(0.7, 1.15)
    if np.ptp(image[y, x].astype(int), axis=1).max() <= 2:
        return np.full(3, bright)
    return np.asarray(bright * np.array([0.85, 0.75, 1.35]) * np.exp(rng.normal(0, 0.07, 3)))
