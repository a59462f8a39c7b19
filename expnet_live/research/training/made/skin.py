"""Colours of synthetic heads: the skin of a photo of a neutral face, and random hair, eyes, teeth and cloth."""

from __future__ import annotations

import cv2
import numpy as np

from expnet_live.core.types import Array, Image
from expnet_live.research.training.ict_head import off_axis
from expnet_live.research.training.made.ict import EYES, FACE, GUMS, HEAD, LASHES, MOUTH, SOCKETS, TEETH, Performer
from expnet_live.research.training.made.scene import DULL, SKIN, WET, Coat

CHEEKS = (50, 280, 205, 425, 187, 411, 101, 330, 118, 347, 36, 266)  # points of the Face Mesh
_IRISES = np.array([(30, 45, 70), (60, 90, 110), (140, 120, 90), (90, 110, 80), (20, 28, 40)], float)
_DARK, _FAIR = np.array([38, 52, 78.0]), np.array([186, 206, 238.0])


def is_gray(photo: Image) -> bool:
    return float(np.abs(photo[..., 0].astype(int) - photo[..., 2]).mean()) < 6


def cheek_of(photo: Image, points: Array) -> Array:
    """The BGR (3,) of the cheeks of a photo with its Face Mesh at `points` (468, 2) px."""
    x, y = np.clip(np.round(points[list(CHEEKS)]).astype(int), 0, np.array(photo.shape[1::-1]) - 1).T
    return np.asarray(np.median(photo[y, x].astype(np.float32), axis=0))


def shown(photo: Image, at: Array) -> Array:
    """Whether a photo has content at pixels (n, 2): crops are black beyond the edge of their photo."""
    x, y = np.clip(np.round(at).astype(int), 0, np.array(photo.shape[1::-1]) - 1).T
    near = cv2.erode(photo.max(2), np.ones((5, 5), np.uint8))
    return np.asarray(near[y, x] > 3, np.float32)


def random_skin(rng: np.random.Generator) -> Array:
    """BGR (3,) of a skin between dark and fair."""
    tone = _DARK + (_FAIR - _DARK) * rng.random()
    return np.asarray(np.clip(tone * np.exp(rng.normal(0, 0.06, 3)), 10, 250))


def random_hair(rng: np.random.Generator) -> Array:
    return rng.integers(10, 110) * np.array([0.75, 0.85, 1.0]) if rng.random() < 0.85 else np.array([150, 170, 190.0])


def random_iris(rng: np.random.Generator) -> Array:
    return np.asarray(_IRISES[rng.integers(len(_IRISES))] * rng.uniform(0.7, 1.2))


def random_tongue(rng: np.random.Generator) -> Array:
    """Factors (3,) BGR of a tongue's colour."""
    return np.asarray(rng.uniform(0.7, 1.35) * np.exp(rng.normal(0, 0.07, 3)))


def skin_of(photo: Image, points: Array, head: Performer, rng: np.random.Generator) -> Coat:
    """For a head of the ICT model, of a photo whose Face Mesh is seen at `points` (468, 2) px."""
    cheek = cheek_of(photo, points)
    colors = np.empty((head.n_vertices, 4), np.float32)
    colors[:] = (*cheek, SKIN)
    colors[HEAD, :3] = cheek * rng.uniform(0.85, 1.0)
    colors[MOUTH, :3] = np.array([40, 30, 90]) * rng.uniform(0.4, 1.0)
    colors[SOCKETS, :3] = cheek * rng.uniform(0.5, 0.9)
    bare = _paint(colors, head, cheek, rng)
    at, share = np.zeros((head.n_vertices, 2), np.float32), np.zeros(head.n_vertices, np.float32)
    at[HEAD] = (points[head.corners] * head.weights[..., None]).sum(1)
    share[HEAD] = np.where(head.skin & bare, np.clip(1 - (head.distance - 2) / 8, 0, 1), 0)
    share[MOUTH] = share[SOCKETS] = 0
    share *= shown(photo, at)
    if is_gray(photo) or rng.random() < 0.1:
        photo = grayed(photo)
        colors[:, :3] = grayed(colors[:, :3])
    colors[:, :3] /= 255
    return Coat(colors, photo, at, share)


def grayed(values: Array) -> Array:
    """BGR values (..., 3) without their colour."""
    gray = values.astype(np.float32) @ np.array([0.11, 0.59, 0.3], np.float32)
    return np.repeat(gray[..., None], 3, axis=-1).astype(values.dtype)


def _paint(colors: Array, head: Performer, cheek: Array, rng: np.random.Generator) -> Array:
    """Colour the head, and return where (14062,) skin is bare."""
    x, y, z = head.raw[HEAD].T
    bare = np.ones(len(x), bool)
    face = head.raw[FACE]
    inside = ~head.skin[FACE] & (np.abs(face[:, 0]) < 32) & (face[:, 1] < 0) & (face[:, 1] > -60) & (face[:, 2] > 60)
    colors[FACE][inside, :3] = cheek * np.array([0.55, 0.5, 0.75])  # darkness of lips and nostrils
    hair = random_hair(rng)
    line = rng.uniform(85, 112) + 8 * np.sin(x / rng.uniform(4, 12))
    scalp = (y > line) | ((z < rng.uniform(10, 45)) & (y > rng.uniform(-60, 40)))
    if rng.random() < 0.9:
        colors[HEAD][scalp, :3] = hair * rng.uniform(0.7, 1.3, (int(scalp.sum()), 1))
        colors[HEAD][scalp, 3] = DULL
        bare &= ~scalp
    cloth = y < rng.uniform(-160, -110)
    colors[HEAD][cloth, :3], colors[HEAD][cloth, 3] = rng.uniform(0, 255, 3), DULL
    colors[GUMS, :3] = np.array([95, 80, 170]) * rng.uniform(0.6, 1.1)
    colors[TEETH, :3], colors[TEETH, 3] = np.array([195, 220, 228]) * rng.uniform(0.7, 1.05), WET
    colors[LASHES] = (22, 24, 30, DULL)
    colors[len(head.raw) :, :3] = np.array([110, 95, 190]) * random_tongue(rng)
    colors[len(head.raw) :, 3] = WET
    iris, white = random_iris(rng), np.array([205, 212, 222]) * rng.uniform(0.75, 1.05)
    edge = rng.uniform(0.42, 0.52)  # rad from an eye's axis
    for eye in EYES.values():
        angle = off_axis(head.raw[eye])
        rim = np.where(angle < edge + 0.06, iris * 0.5 + white * 0.3, white)
        colors[eye, :3] = np.where(angle < 0.17, (12, 12, 14), np.where(angle < edge, iris, rim))
        colors[eye, 3] = WET
    return bare & ~cloth
