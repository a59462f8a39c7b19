"""`train pictures`: parts of made pictures, for `train actions` to learn from."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from expnet_live.core.arkit import INDEX
from expnet_live.core.errors import UserError
from expnet_live.core.types import Array, Image
from expnet_live.heads.face_model import FaceModel
from expnet_live.pipeline.crop import CROP_MM
from expnet_live.research.training.actions.fine_tune import MADE, Material
from expnet_live.research.training.actions.shelf import Labelled, save_part
from expnet_live.research.training.crops import WIDE_SIZE, WIDER
from expnet_live.research.training.made.draw import Studio
from expnet_live.research.training.made.ict import Performer
from expnet_live.research.training.made.performance import random_strengths
from expnet_live.research.training.made.skin import skin_of
from expnet_live.research.training.photos import PhotoRef, read_photo

PART, PER_HEAD = 240, 12
_SHAPE_SD = 0.8  # of a head's identity
# Scores up to which a face is at rest, as its skin is taken from it.
_REST = {"jawOpen": 0.12, "mouthSmileLeft": 0.25, "eyeBlinkLeft": 0.4, "mouthPucker": 0.4, "browInnerUp": 0.4}
_FRONTAL = (0.25, 0.18)  # rad of pitch and yaw


def make_pictures(material: Material, head: Performer, scenes: list[PhotoRef], out: Path, count: int, seed: int) -> int:
    """Writes `count` pictures in parts of 240 to `out`; skin is that of the training photos in `material`."""
    rng = np.random.default_rng(seed)
    studio, shelf = Studio(head), material.shelf
    mean = (shelf.scores + shelf.mirrored) / 2
    resting = np.all([mean[:, INDEX[n]] < most for n, most in _REST.items()], axis=0)
    frontal = (np.abs(shelf.rotation[:, :2]) < _FRONTAL).all(1)
    skins = np.flatnonzero(material.used & ~material.made & resting & frontal)
    if not len(skins):
        raise UserError("There is no photo of a face at rest to take skin from; name more labelled photos.")
    real = np.clip(material.targets.values[material.used & ~material.made], 0, 1)
    chance = real.sum(1) + 1e-3
    chance /= chance.sum()
    rows: list[Labelled] = []
    shape, skin, lashes, glasses = head.neutral, None, False, False
    for n in tqdm(range(count), "pictures", unit="picture"):
        if skin is None or n % PER_HEAD == 0:
            weights = rng.normal(0, _SHAPE_SD, len(head.identity)).astype(np.float32)
            shape = head.neutral + np.tensordot(weights, head.identity, 1)
            i = int(skins[rng.integers(len(skins))])
            skin = skin_of(shelf.picture(i), shelf.points[i], head, rng)
            lashes, glasses = bool(rng.random() < 0.2), bool(rng.random() < 0.18)
        strengths = random_strengths(rng, real, chance)
        vertices = head.vertices(shape, strengths, float(rng.uniform(0.2, 0.8)), lashes)
        background = _background(scenes, skin.gray, rng)
        image, points, rotation = studio.draw(vertices, skin.colors, background, glasses, rng)
        rows.append(_labelled(f"{MADE}/{seed}-{n}", image, strengths, points, rotation, shelf.identity.shape[1]))
        if len(rows) == PART or n == count - 1:
            save_part(out, f"{MADE}-{seed}-{n // PART:05d}", rows)
            rows = []
    return count


def _labelled(key: str, image: Image, strengths: Array, points: Array, rotation: Array, n_identity: int) -> Labelled:
    middle = (WIDE_SIZE - 1) / 2
    return Labelled(
        key=key,
        image=image,
        scores=strengths,
        mirrored=strengths,
        points=points,
        spread=0.0,
        rotation=rotation,
        scale=WIDE_SIZE / (CROP_MM * WIDER),
        origin=np.array([middle, middle], np.float32),
        expression=np.zeros(29, np.float32),
        identity=np.zeros(n_identity, np.float32),
        gaze=np.zeros((2, 2), np.float32),
    )


def _background(scenes: list[PhotoRef], gray: bool, rng: np.random.Generator) -> Image:
    photo = read_photo(scenes[rng.integers(len(scenes))]) if scenes else None
    if photo is None:
        photo = np.full((WIDE_SIZE, WIDE_SIZE, 3), rng.integers(0, 256, 3), np.uint8)
    side = min(photo.shape[:2])
    y, x = rng.integers(0, photo.shape[0] - side + 1), rng.integers(0, photo.shape[1] - side + 1)
    image = cv2.resize(photo[y : y + side, x : x + side], (WIDE_SIZE, WIDE_SIZE))
    if rng.random() < 0.5:
        image = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(1, 8)))
    if gray:
        image = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    return np.asarray(image, np.uint8)


def performer_of(ict: Path, indices: Path) -> Performer:
    return Performer.load(ict, indices, FaceModel.load())
