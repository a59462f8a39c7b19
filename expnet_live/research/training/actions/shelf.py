"""Labelled pictures of faces on disk, in parts of some hundred, each written at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.files import whole
from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.pipeline.crop import Crop
from expnet_live.research.training.array_file import PictureFile
from expnet_live.research.training.crops import wide_crop

MAX_SPREAD = 6.0  # per cent; if the teacher's looks differ by more, it has lost the face
PER_PERSON = 12  # synthetic pictures of a head, which follow each other


@dataclass(frozen=True, eq=False)
class Labelled:
    """One picture. `image` (208, 208, 3) is cut as training.crops does; pose and `points` (468, 2) are in its pixels.

    `scores`, `mirrored` (52,) are the teacher's for the picture and its mirror image; for a synthetic picture, both
    are the true strengths. `expression`, `identity`, `rotation`, `scale`, `origin` and `gaze` are predictions of the
    labelling network; for synthetic pictures, only the pose is meaningful.
    """

    key: str
    image: Image
    scores: Array
    mirrored: Array
    points: Array
    spread: float
    rotation: Array
    scale: float
    origin: Array
    expression: Array
    identity: Array
    gaze: Array

    @property
    def view(self) -> WeakPerspective:
        return WeakPerspective(self.rotation, self.scale, float(self.origin[0]), float(self.origin[1]))


def crop_of(view: WeakPerspective) -> Crop:
    """The stored crop of a face with this pose."""
    return wide_crop(view.rotation, float(view.scale), np.array([view.x, view.y]))


_ARRAYS = [f.name for f in fields(Labelled) if f.name != "image"]


def save_part(folder: Path, name: str, rows: list[Labelled], asked: Sequence[str] = ()) -> None:
    """Write `name`.images.npy and then `name`.npz, which marks the part as complete.

    `asked`: keys of the photos that were to be labelled, also of those without a face.
    """
    if rows:
        with whole(folder / f"{name}.images.npy") as partial, partial.open("wb") as f:
            np.save(f, np.stack([r.image for r in rows]))
    with whole(folder / f"{name}.npz") as partial, partial.open("wb") as f:
        arrays: dict[str, Any] = {n: np.array([getattr(r, n) for r in rows]) for n in _ARRAYS}
        np.savez(f, asked=np.array(asked, str), **arrays)


def asked_in(folder: Path) -> set[str]:
    """The keys of all pictures in the parts of a folder, and of the photos in which no face was found.

    The latter are missing in parts of earlier versions.
    """
    keys: set[str] = set()
    for path in folder.glob("*.npz"):
        with np.load(path, allow_pickle=False) as z:
            for n in ("key", "asked"):
                keys.update(map(str, z[n]) if n in z else ())
    return keys


class Shelf:
    """All parts in some folders as one. Arrays as in Labelled, with the pictures first; `part` and `row` locate a
    picture."""

    def __init__(self, folders: list[Path]) -> None:
        self._images: list[PictureFile] = []
        columns: dict[str, list[Array]] = {n: [] for n in _ARRAYS}
        where = []
        for path in sorted(p for folder in folders for p in folder.glob("*.npz")):
            with np.load(path, allow_pickle=False) as z:
                if "key" not in z:
                    raise UserError(f"{path} holds no labelled pictures; name folders of 'train scores' alone.")
                if not len(z["key"]):
                    continue
                for n in _ARRAYS:
                    columns[n].append(z[n])
            images = PictureFile(path.with_suffix(".images.npy"))
            where += [(len(self._images), i) for i in range(len(images))]
            self._images.append(images)
        if not where:
            raise UserError(f"There are no labelled pictures in {', '.join(map(str, folders))}; choose other folders.")
        self._where = where
        joined = {n: np.concatenate(c) for n, c in columns.items()}
        self.key: Array = joined["key"].astype(str)
        self.scores, self.mirrored = joined["scores"], joined["mirrored"]
        self.points, self.spread = joined["points"], joined["spread"]
        self.rotation, self.scale, self.origin = joined["rotation"], joined["scale"], joined["origin"]
        self.expression, self.identity, self.gaze = joined["expression"], joined["identity"], joined["gaze"]
        self.collection: Array = np.array([k.split("/")[0] for k in self.key])

    def __len__(self) -> int:
        return len(self._where)

    def picture(self, i: int) -> Image:
        part, row = self._where[i]
        return self._images[part][row]
