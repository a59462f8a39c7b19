"""`train pictures`: makes parts of synthetic pictures for `train actions`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from expnet_live.archive.cluster import each
from expnet_live.core.arkit import INDEX
from expnet_live.core.errors import UserError
from expnet_live.core.types import Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.heads.face_model import FaceModel
from expnet_live.research.training.actions.material import BLURRED, MADE, Material
from expnet_live.research.training.actions.shelf import PER_PERSON, Labelled, save_part
from expnet_live.research.training.made.backdrop import Backdrop
from expnet_live.research.training.made.draw import Studio
from expnet_live.research.training.made.ict import Performer
from expnet_live.research.training.made.ict_actor import IctActor
from expnet_live.research.training.made.own_actor import OwnActor
from expnet_live.research.training.made.performance import ALONE, random_strengths
from expnet_live.research.training.made.photo_actor import PhotoActor
from expnet_live.research.training.made.scene import Actor, Face
from expnet_live.research.training.photos import PhotoRef, list_photos, read_metadata, read_photo

PART = 240
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


@dataclass(frozen=True)
class Batch:
    """`count` pictures in parts of `part`; in a share `alone`, few actions come without all others."""

    count: int
    seed: int
    part: int = PART
    alone: float = ALONE

    @property
    def parts(self) -> range:
        return range(-(-self.count // self.part))

    def numbers(self, part: int) -> range:
        """Of the pictures of that part."""
        return range(part * self.part, min(self.count, (part + 1) * self.part))


class Maker:
    """Makes parts of a batch; actors take turns. A part depends on its number alone, not on who makes it."""

    def __init__(self, material: Material, cast: list[Actor], batch: Batch) -> None:
        self._cast, self._batch = cast, batch
        self._studio = Studio()
        self._real = np.clip(material.targets.values[material.used & ~material.made], 0, 1)
        chance = self._real.sum(1) + 1e-3
        self._chance = chance / chance.sum()
        self._n_identity = material.shelf.identity.shape[1]

    def make(self, part: int, out: Path) -> int:
        """Write the part to `out`; returns the number of its pictures."""
        seed, numbers = self._batch.seed, self._batch.numbers(part)
        rng = np.random.default_rng([seed, part])
        save_part(out, f"{MADE}-{seed}-{part:05d}", [self._picture(n, rng) for n in numbers])
        return len(numbers)

    def _picture(self, n: int, rng: np.random.Generator) -> Labelled:
        actor = self._cast[n // PER_PERSON % len(self._cast)]
        if n % PER_PERSON == 0:
            actor.change(rng)
        strengths = random_strengths(rng, self._real, self._chance, self._batch.alone)
        scene = actor.play(strengths, rng)
        return Labelled(
            key=f"{MADE}/{self._batch.seed}-{n}",
            image=self._studio.draw(actor, scene, rng),
            scores=strengths,
            mirrored=strengths,
            points=scene.points,
            spread=0.0,
            rotation=scene.rotation,
            scale=scene.scale,
            origin=scene.origin,
            expression=np.zeros(29, np.float32),
            identity=np.zeros(self._n_identity, np.float32) if scene.identity is None else scene.identity,
            gaze=np.zeros((2, 2), np.float32),
        )


def make_pictures(material: Material, cast: list[Actor], out: Path, batch: Batch) -> int:
    """Write the pictures to `out`. Returns how many this process has made.

    torchrun's processes share the parts; the pictures do not depend on how many processes there are.
    """
    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    maker = Maker(material, cast, batch)
    return sum(maker.make(k, out) for k in tqdm(batch.parts[rank::world], "pictures", unit="part", disable=rank > 0))


@dataclass(frozen=True)
class Order:
    """Pictures to make, and all that a worker of a cluster needs for it; paths are absolute.

    `labelled`, `collections` and `metadata` are those of `Material.of`, `ict` the ICT model's two files.
    """

    labelled: tuple[Path, ...]
    collections: frozenset[str]
    metadata: tuple[Path, ...]
    kinds: tuple[str, ...]
    ict: tuple[Path, Path] | None
    scenes: tuple[Path, ...]
    out: Path
    batch: Batch

    def material(self) -> Material:
        return Material.of(list(self.labelled), set(self.collections), read_metadata(self.metadata))

    def cast(self, material: Material) -> list[Actor]:
        ict = performer_of(*self.ict) if self.ict else None
        return actors(self.kinds, material, ict, list_photos(self.scenes))


def make_on(cluster: str, order: Order) -> int:
    """Like `make_pictures` on a Dask cluster, see `archive.cluster`. Raises UserError if it cannot be reached."""
    parts = [(order, k) for k in order.batch.parts]
    return sum(tqdm(each(cluster, _make, parts), "pictures", len(parts), unit="part"))


def _make(job: tuple[Order, int]) -> int:
    order, part = job
    return _maker_of(order).make(part, order.out)


@cache
def _maker_of(order: Order) -> Maker:
    """That of this process, which makes one part at a time."""
    material = order.material()
    return Maker(material, order.cast(material), order.batch)


def performer_of(ict: Path, indices: Path) -> Performer:
    return Performer.load(ict, indices, FaceModel.load())
