"""`train pictures`: makes parts of synthetic pictures for `train actions`."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from expnet_live.core.arkit import INDEX
from expnet_live.core.errors import UserError
from expnet_live.core.types import Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.heads.face_model import FaceModel
from expnet_live.research.training.actions.fine_tune import BLURRED, MADE, Material
from expnet_live.research.training.actions.shelf import PER_PERSON, Labelled, save_part
from expnet_live.research.training.made.backdrop import Backdrop
from expnet_live.research.training.made.draw import Studio
from expnet_live.research.training.made.ict import Performer
from expnet_live.research.training.made.ict_actor import IctActor
from expnet_live.research.training.made.own_actor import OwnActor
from expnet_live.research.training.made.performance import random_strengths
from expnet_live.research.training.made.photo_actor import PhotoActor
from expnet_live.research.training.made.scene import Actor, Face
from expnet_live.research.training.photos import PhotoRef, read_photo

PART = 240
KINDS = ("ict", "own", "photo")
# Largest scores of a neutral face, whose skin is used.
_REST = {"jawOpen": 0.12, "mouthSmileLeft": 0.25, "eyeBlinkLeft": 0.4, "mouthPucker": 0.4, "browInnerUp": 0.4}
_FRONTAL = (0.25, 0.18)  # rad of pitch and yaw
_SHARP = 60.0  # variance of the Laplacian from which a photo is sharp enough to be moved
_TRIES = 20


class Faces:
    """Photos of neutral faces among those for training, or among the held-out ones."""

    def __init__(self, material: Material, *, frontal: bool, sharp: bool, held_out: bool = False) -> None:
        shelf = material.shelf
        mean = (shelf.scores + shelf.mirrored) / 2
        resting = np.all([mean[:, INDEX[n]] < most for n, most in _REST.items()], axis=0)
        used = material.held_out if held_out else material.used
        usable = used & ~material.made & resting & ~np.isin(shelf.collection, BLURRED)
        if frontal:
            usable &= (np.abs(shelf.rotation[:, :2]) < _FRONTAL).all(1)
        self._material, self._rows, self._sharp = material, np.flatnonzero(usable), sharp
        if not len(self._rows):
            raise UserError("There is no photo of a neutral face to take skin from; give more labelled photos.")

    def __call__(self, rng: np.random.Generator) -> Face:
        shelf = self._material.shelf
        for _ in range(_TRIES if self._sharp else 1):
            i = int(self._rows[rng.integers(len(self._rows))])
            photo = shelf.picture(i)
            if not self._sharp or cv2.Laplacian(photo[52:156, 52:156], cv2.CV_64F).var() > _SHARP:
                break
        view = WeakPerspective(shelf.rotation[i], float(shelf.scale[i]), *map(float, shelf.origin[i]))
        strengths = np.clip(self._material.targets.values[i], 0, 1)
        return Face(photo, shelf.points[i], strengths, view, shelf.identity[i])


def actors(kinds: tuple[str, ...], material: Material, ict: Performer | None, scenes: list[PhotoRef]) -> list[Actor]:
    """One for each kind: "ict" needs a head of the ICT model."""

    def scenery(rng: np.random.Generator) -> Image | None:
        return read_photo(scenes[rng.integers(len(scenes))]) if scenes else None

    model, skins, backdrop = FaceModel.load(), Faces(material, frontal=True, sharp=False), Backdrop(scenery)
    found: list[Actor] = []
    for kind in kinds:
        if kind == "own":
            found.append(OwnActor(model, skins, backdrop))
        elif kind == "photo":
            found.append(PhotoActor(model, Faces(material, frontal=False, sharp=True)))
        elif ict is not None:
            found.append(IctActor(ict, skins, backdrop))
    return found


def make_pictures(material: Material, cast: list[Actor], out: Path, count: int, seed: int, part: int = PART) -> int:
    """Write `count` pictures in parts of 240 to `out`; actors take turns. Returns how many this process has made.

    torchrun's processes share the parts; the pictures do not depend on how many processes there are.
    """
    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    studio = Studio()
    real = np.clip(material.targets.values[material.used & ~material.made], 0, 1)
    chance = real.sum(1) + 1e-3
    chance /= chance.sum()
    n_identity = material.shelf.identity.shape[1]

    def made(n: int, rng: np.random.Generator) -> Labelled:
        actor = cast[n // PER_PERSON % len(cast)]
        if n % PER_PERSON == 0:
            actor.change(rng)
        strengths = random_strengths(rng, real, chance)
        scene = actor.play(strengths, rng)
        return Labelled(
            key=f"{MADE}/{seed}-{n}",
            image=studio.draw(actor, scene, rng),
            scores=strengths,
            mirrored=strengths,
            points=scene.points,
            spread=0.0,
            rotation=scene.rotation,
            scale=scene.scale,
            origin=scene.origin,
            expression=np.zeros(29, np.float32),
            identity=np.zeros(n_identity, np.float32) if scene.identity is None else scene.identity,
            gaze=np.zeros((2, 2), np.float32),
        )

    parts = [(k, range(k * part, min(count, (k + 1) * part))) for k in range(rank, -(-count // part), world)]
    total = sum(len(numbers) for _, numbers in parts)
    with tqdm(total=total, desc="pictures", unit="picture", disable=rank > 0) as bar:
        for k, numbers in parts:
            rng, rows = np.random.default_rng([seed, k]), []
            for n in numbers:
                rows.append(made(n, rng))
                bar.update()
            save_part(out, f"{MADE}-{seed}-{k:05d}", rows)
    return total


def performer_of(ict: Path, indices: Path) -> Performer:
    return Performer.load(ict, indices, FaceModel.load())
