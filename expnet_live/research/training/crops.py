"""Wide upright crops of all labelled photos in one memory-mapped file, and their labels in crop units."""

from __future__ import annotations

import multiprocessing as mp
from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from expnet_live.core.errors import UserError
from expnet_live.core.files import whole, write_whole
from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.heads.face_model import FaceModel
from expnet_live.pipeline.crop import Crop
from expnet_live.research.training.array_file import PictureFile
from expnet_live.research.training.gaze import gaze_labels
from expnet_live.research.training.labels import LabelSet
from expnet_live.research.training.landmarks import LandmarkSet
from expnet_live.research.training.photos import PhotoRef, bytes_of, read_photo

WIDE_SIZE = 208
WIDER = 1.6  # side of a stored crop, in units of a network's crop


@dataclass(frozen=True, eq=False)
class CropSet:
    """`images[index[i]]` (208, 208, 3) is the i-th of N pictures.

    Of each: rotation (N, 3), scale (N,), origin (N, 2), expression (N, 29), identity (N, K),
    gaze (N, 2, 2), and Face Mesh `points` (N, 468, 2) in the stored crop's pixels."""

    images: PictureFile
    index: Array
    key: Array
    rotation: Array
    scale: Array
    origin: Array
    expression: Array
    identity: Array
    gaze: Array
    points: Array

    def __len__(self) -> int:
        return len(self.key)

    def picture(self, i: int) -> Image:
        return self.images[self.index[i]]

    def subset(self, which: Array) -> CropSet:
        """The crops of a mask or of indices; the pictures are not copied."""
        return CropSet(self.images, *(getattr(self, f.name)[which] for f in fields(self)[1:]))


def wide_crop(rotation: Array, scale: float, origin: Array) -> Crop:
    """The stored crop of a labelled face."""
    crop = Crop.of_view(WeakPerspective(rotation, scale, *(float(v) for v in origin)), WIDE_SIZE)
    return Crop(crop.x, crop.y, crop.side * WIDER, crop.roll, WIDE_SIZE)


def _cut(job: tuple[PhotoRef, bool, Crop, int]) -> Image:
    ref, flip, crop, seed = job
    image = read_photo(ref)
    if image is None:
        raise UserError(f"{ref.path} has no picture {ref.name} any more; make landmarks and labels again.")
    if flip:
        image = np.ascontiguousarray(image[::-1])
    return cut_tight(image, crop, seed)


def cut_tight(image: Image, crop: Crop, seed: int) -> Image:
    """The crop's pixels, for a photo that may end at the cheek: the area beyond must not always be black."""
    border = (cv2.BORDER_CONSTANT, cv2.BORDER_CONSTANT, cv2.BORDER_REPLICATE, cv2.BORDER_REFLECT)[seed % 4]
    if border == cv2.BORDER_CONSTANT:
        return crop.cut(image)
    shrink = min(1.0, 2 * crop.scale)
    if shrink < 1:
        image = cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    to_image = crop.inverse
    to_image[:, :2] *= shrink
    to_image[:, 2] = (to_image[:, 2] + 0.5) * shrink - 0.5
    size = (crop.size, crop.size)
    return cv2.warpAffine(image, to_image, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=border)


def _sum_of(keys: list[str], flip: Array, labels: LabelSet, rows: Array) -> str:
    """SHA-256 of all that the pictures depend on, as hex digits."""
    total = sha256(bytes_of("\n".join(keys)))
    for array in (flip, labels.rotation[rows], labels.scale[rows], labels.origin[rows]):
        total.update(np.ascontiguousarray(array).tobytes())
    return total.hexdigest()


def make_crops(
    refs: dict[str, PhotoRef],
    landmarks: LandmarkSet,
    labels: LabelSet,
    rows: Array,
    model: FaceModel,
    out: Path,
    jobs: int,
) -> CropSet:
    """Crops of the photos `rows` of `landmarks` and `labels`; the pictures go to `out` (.npy), once.

    Raises UserError if `out` is there and has other ones, or if a photo is gone.
    """
    crops = [wide_crop(labels.rotation[i], float(labels.scale[i]), labels.origin[i]) for i in rows]
    shape = (len(rows), WIDE_SIZE, WIDE_SIZE, 3)
    keys = landmarks.key[rows].tolist()
    note, wanted = out.with_suffix(".sha256"), _sum_of(keys, landmarks.flip[rows], labels, rows)
    if not out.exists():
        tasks = [(refs[k], bool(landmarks.flip[i]), c, int(i)) for k, i, c in zip(keys, rows, crops, strict=True)]
        with whole(out) as partial, mp.get_context("spawn").Pool(jobs) as pool:
            images = np.lib.format.open_memmap(partial, "w+", np.uint8, shape)
            for i, image in enumerate(tqdm(pool.imap(_cut, tasks, chunksize=64), "crops", len(tasks), unit="photo")):
                images[i] = image
            images.flush()
            del images  # Windows moves no file that is mapped
        write_whole(note, wanted)
    pictures = PictureFile(out)
    # Earlier versions wrote no note.
    if len(pictures) != len(rows) or (note.exists() and note.read_text(encoding="utf-8") != wanted):
        raise UserError(f"{out} holds crops of other photos or labels; delete it, or name another file with --crops.")
    matrix = np.stack([c.matrix for c in crops])
    views = [
        WeakPerspective(labels.rotation[i], float(labels.scale[i]), *(float(v) for v in labels.origin[i])).transformed(
            c.matrix
        )
        for i, c in zip(rows, crops, strict=True)
    ]
    points = np.einsum("nij,npj->npi", matrix[:, :, :2], landmarks.landmarks[rows, :468, :2]) + matrix[:, None, :, 2]
    return CropSet(
        images=pictures,
        index=np.arange(len(rows)),
        key=landmarks.key[rows],
        rotation=np.stack([v.rotation for v in views]).astype(np.float32),
        scale=np.array([v.scale for v in views], np.float32),
        origin=np.array([(v.x, v.y) for v in views], np.float32),
        expression=labels.expression[rows],
        identity=labels.identity[rows],
        gaze=gaze_labels(labels, landmarks.landmarks, model, rows),
        points=points.astype(np.float32),
    )
