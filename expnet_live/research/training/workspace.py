"""The files that training and evaluation share: photos, their metadata, landmarks, labels."""

from __future__ import annotations

import argparse
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.types import Array
from expnet_live.heads.face_model import FaceModel
from expnet_live.research.training.crops import CropSet, make_crops
from expnet_live.research.training.labels import MAX_SPREAD, LabelSet
from expnet_live.research.training.landmarks import LandmarkSet, detect_landmarks
from expnet_live.research.training.photos import PhotoMeta, PhotoRef, check_metadata, list_photos, read_metadata
from expnet_live.research.training.split import Split, held_out, split_by_scene, subjects_of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Photos:
    """Photo collections: the location of each photo, and its subject and emotion if a CSV gives them."""

    refs: dict[str, PhotoRef]
    meta: dict[str, PhotoMeta]

    @classmethod
    def of(cls, inputs: list[Path], metadata: list[Path]) -> Photos:
        refs = list_photos(inputs)
        if not refs:
            raise UserError("There are no photos among the inputs; give photos, folders or tar archives of photos.")
        meta = read_metadata(metadata)
        check_metadata(meta, (r.key for r in refs))
        return cls({r.key: r for r in refs}, meta)

    def subjects(self, keys: Array) -> Array:
        return subjects_of(list(keys), self.meta)

    def emotions(self, keys: Array) -> Array:
        return np.array([self.meta[k].emotion if k in self.meta else "" for k in keys])

    def split(self, landmarks: LandmarkSet) -> Split:
        usable = landmarks.spread <= MAX_SPREAD
        return split_by_scene(landmarks.key, landmarks.thumb, usable, held_out(list(landmarks.key), self.meta))


def photos_of(args: argparse.Namespace) -> Photos:
    return Photos.of(args.photos, args.metadata)


def landmarks_of(args: argparse.Namespace, photos: Photos) -> LandmarkSet:
    """The landmark cache, which is made first if it is missing."""
    if args.landmarks is None:
        raise UserError("Give the landmark cache, or a path for a new one, with --landmarks FILE.")
    landmarks = detect_landmarks(list(photos.refs.values()), args.landmarks, teacher=args.teacher, jobs=args.jobs)
    missing = set(landmarks.key) - set(photos.refs)
    if missing:
        raise UserError(
            f"{args.landmarks} belongs to other photos ({min(missing)} is not among yours); choose another file."
        )
    absent = set(photos.refs) - set(landmarks.key)
    if absent:
        log.warning("%d of the photos are not in %s and are left out; give a path for a new one.", len(absent),
                    args.landmarks)  # fmt: skip
    return landmarks


def labels_of(path: Path, landmarks: LandmarkSet) -> LabelSet:
    if not path.is_file():
        raise UserError(f"{path} does not exist; make it with 'expnet-live train labels'.")
    labels = LabelSet.load(path)
    if not np.array_equal(labels.key, landmarks.key):
        raise UserError(
            f"{path} and the landmarks have different photos; make it again with 'expnet-live train labels'."
        )
    return labels


def crops_of(args: argparse.Namespace) -> tuple[CropSet, CropSet, FaceModel]:
    """Crops of the photos for training, those of people held out, and the face model of their labels.

    Raises UserError if there are too few.
    """
    photos = photos_of(args)
    landmarks = landmarks_of(args, photos)
    labels, model = labels_of(args.labels, landmarks), FaceModel.load(args.face_model)
    rows = np.flatnonzero(labels.good)
    split = photos.split(landmarks)
    used, held = split.train[rows], split.held_out[rows]
    if not used.any() or held.sum() < 2:
        raise UserError(
            f"Of these photos, {used.sum()} are for training and {held.sum()}, of one person in eight, for testing. "
            "This is too few; name more photos, of more people."
        )
    args.out.mkdir(parents=True, exist_ok=True)
    crops = make_crops(photos.refs, landmarks, labels, rows, model, args.crops or args.out / "crops.npy", args.jobs)
    return crops.subset(used), crops.subset(held), model
