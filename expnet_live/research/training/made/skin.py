"""Colours of a made head: the skin of a photo of a face at rest, and hair, eyes, teeth and cloth drawn at random."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from expnet_live.core.types import Array, Image
from expnet_live.research.training.made.ict import EYES, FACE, GUMS, HEAD, LASHES, MOUTH, SOCKETS, TEETH, Performer

_CHEEKS = (50, 280, 205, 425, 187, 411, 101, 330, 118, 347, 36, 266)
_IRISES = np.array([(30, 45, 70), (60, 90, 110), (140, 120, 90), (90, 110, 80), (20, 28, 40)], float)
DULL, SKIN, WET = 0.3, 0.6, 0.9  # how a surface shines, the fourth channel


@dataclass(frozen=True)
class Skin:
    """Colours (n_vertices, 4), BGR and shine in 0..1; `gray` where the photo has no colours."""

    colors: Array
    gray: bool


def skin_of(photo: Image, points: Array, head: Performer, rng: np.random.Generator) -> Skin:
    """Of a photo whose Face Mesh is seen at `points` (468, 2) px."""
    at = (points[head.corners] * head.weights[..., None]).sum(1).astype(np.float32)
    soft = cv2.GaussianBlur(photo, (0, 0), 0.6)
    seen = cv2.remap(soft, at[:, :1], at[:, 1:], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    seen = seen[:, 0].astype(np.float32)
    cheek = np.median(seen[np.isin(head.corners[:, 0], _CHEEKS)], axis=0)
    colors = np.empty((head.n_vertices, 4), np.float32)
    colors[:] = (*cheek, SKIN)
    share = np.where(head.skin, np.clip(1 - (head.distance - 2) / 8, 0, 1), 0)[:, None]
    colors[HEAD, :3] = share * seen + (1 - share) * cheek * rng.uniform(0.85, 1.0)
    colors[MOUTH, :3] = np.array([40, 30, 90]) * rng.uniform(0.4, 1.0)
    colors[SOCKETS, :3] = cheek * rng.uniform(0.5, 0.9)
    _paint(colors, head, cheek, rng)
    gray = float(np.abs(photo[..., 0].astype(int) - photo[..., 2]).mean()) < 6
    if gray or rng.random() < 0.1:
        colors[:, :3] = (colors[:, :3] @ np.array([0.11, 0.59, 0.3], np.float32))[:, None]
    colors[:, :3] /= 255
    return Skin(colors, gray)


def _paint(colors: Array, head: Performer, cheek: Array, rng: np.random.Generator) -> None:
    x, y, z = head.raw[HEAD].T
    face = head.raw[FACE]
    inside = ~head.skin[FACE] & (np.abs(face[:, 0]) < 32) & (face[:, 1] < 0) & (face[:, 1] > -60) & (face[:, 2] > 60)
    colors[FACE][inside, :3] = cheek * np.array([0.55, 0.5, 0.75])  # of lips and nostrils
    hair = rng.integers(10, 110) * np.array([0.75, 0.85, 1.0]) if rng.random() < 0.85 else np.array([150, 170, 190])
    line = rng.uniform(85, 112) + 8 * np.sin(x / rng.uniform(4, 12))
    scalp = (y > line) | ((z < rng.uniform(10, 45)) & (y > rng.uniform(-60, 40)))
    if rng.random() < 0.9:
        colors[HEAD][scalp, :3] = hair * rng.uniform(0.7, 1.3, (int(scalp.sum()), 1))
        colors[HEAD][scalp, 3] = DULL
    cloth = y < rng.uniform(-160, -110)
    colors[HEAD][cloth, :3], colors[HEAD][cloth, 3] = rng.uniform(0, 255, 3), DULL
    colors[GUMS, :3] = np.array([95, 80, 170]) * rng.uniform(0.6, 1.1)
    colors[TEETH, :3], colors[TEETH, 3] = np.array([195, 220, 228]) * rng.uniform(0.7, 1.05), WET
    colors[LASHES] = (22, 24, 30, DULL)
    colors[len(head.raw) :, :3] = np.array([110, 95, 190]) * rng.uniform(0.75, 1.15)  # the tongue
    colors[len(head.raw) :, 3] = WET
    iris, white = _IRISES[rng.integers(5)] * rng.uniform(0.7, 1.2), np.array([205, 212, 222]) * rng.uniform(0.75, 1.05)
    edge = rng.uniform(0.42, 0.52)  # rad from an eye's axis
    for eye in EYES.values():
        ball = head.raw[eye]
        axis = ball - (ball.min(0) + ball.max(0)) / 2
        angle = np.arccos(np.clip(axis[:, 2] / np.linalg.norm(axis, axis=1), -1, 1))[:, None]
        rim = np.where(angle < edge + 0.06, iris * 0.5 + white * 0.3, white)
        colors[eye, :3] = np.where(angle < 0.17, (12, 12, 14), np.where(angle < edge, iris, rim))
        colors[eye, 3] = WET
