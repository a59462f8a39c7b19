"""Data sets of labelled emotions in their original layout: CK+, AFEW (EmotiW), folders, and a CSV.

Each loader lists `Sample`s without opening a picture, and reports missing files in one sentence.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from expnet_live.capture.images import read_image
from expnet_live.capture.kinds import IMAGE_SUFFIXES
from expnet_live.capture.sources import open_source
from expnet_live.core.errors import UserError
from expnet_live.core.types import Image
from expnet_live.research.training.photos import PhotoRef, read_photo

VIDEO_SUFFIXES = frozenset({".avi", ".mkv", ".mov", ".mp4", ".webm"})
_MEDIA = IMAGE_SUFFIXES | VIDEO_SUFFIXES


@dataclass(frozen=True)
class Sample:
    """A labelled photo or clip of a subject. In a data set with a fixed split, only samples with `reference` are
    neighbours, and only the others are tested."""

    path: Path | PhotoRef
    subject: str
    emotion: str
    reference: bool | None = None

    def frames(self, most: int) -> list[Image]:
        """The photo, or at most `most` frames spread over the clip. Raises SourceError if it cannot be read."""
        if isinstance(self.path, PhotoRef):
            image = read_photo(self.path)
            return [] if image is None else [image]
        if self.path.suffix.lower() in IMAGE_SUFFIXES:
            return [read_image(self.path)]
        with open_source(self.path) as source:
            step = max(1, (source.n_frames or 0) // most)  # headers give only an approximate number of frames
            frames = [f.image for f in source if f.index % step == step // 2]
        return [frames[i] for i in np.linspace(0, len(frames) - 1, min(most, len(frames))).round().astype(int)]


def load_samples(dataset: str, root: Path) -> list[Sample]:
    """The samples of the data set `dataset` (a key of LOADERS) under `root`. Raises UserError."""
    if not root.exists():
        raise UserError(f"{root} does not exist; give the data set's folder with --root.")
    samples = LOADERS[dataset](root)
    if not samples:
        raise UserError(
            f"{root} has no labelled photos or clips in the layout of --dataset {dataset}; choose another folder."
        )
    return sorted(samples, key=lambda s: str(s.path))


def from_folder(root: Path) -> list[Sample]:
    """emotion/subject/photo, or emotion/photo, where each photo counts as a different person."""
    samples = []
    for path in _media(root):
        emotion, *between = path.relative_to(root).parts[:-1] or ("",)
        if emotion:
            samples.append(Sample(path, between[0] if between else str(path), emotion.lower()))
    return samples


def from_csv(root: Path) -> list[Sample]:
    """A CSV `file,subject,emotion` (or a folder with just one CSV in it); files are relative to it."""
    tables = [root] if root.is_file() else sorted(root.glob("*.csv"))
    if len(tables) != 1:
        raise UserError(f"{root} has {len(tables)} CSV files; choose the one with file, subject, emotion by --root.")
    try:
        with tables[0].open(newline="", encoding="utf-8-sig") as f:
            rows = list(csv.DictReader(f))
    except (OSError, UnicodeDecodeError, csv.Error) as e:
        raise UserError(f"{tables[0]} cannot be read as a CSV; save it as UTF-8 with file, subject, emotion.") from e
    missing = {"file", "subject", "emotion"} - set(rows[0] if rows else ())
    if missing:
        raise UserError(f"{tables[0]} lacks the columns {', '.join(sorted(missing))}; it needs file, subject, emotion.")
    return [
        Sample(tables[0].parent / r["file"], r["subject"] or r["file"], r["emotion"].lower())
        for r in rows
        if r["emotion"]
    ]


CK_EMOTIONS = ("neutral", "anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")
_CK_IMAGES, _CK_LABELS = "cohn-kanade-images", "Emotion"


def from_ckplus(root: Path) -> list[Sample]:
    """CK+ (Lucey et al., 2010): the peak frame of each labelled sequence, and its first frame as neutral.

    cohn-kanade-images/S005/001/S005_001_00000011.png and Emotion/S005/001/S005_001_00000011_emotion.txt; sequences
    without a label are left out.
    """
    images, labels = _inside(root, _CK_IMAGES), _inside(root, _CK_LABELS)
    if images is None or labels is None:
        missing = _CK_LABELS if images else _CK_IMAGES
        raise UserError(f"{root} has no folder {missing}; give the right folder with --root.")
    samples = []
    for file in sorted(labels.rglob("*_emotion.txt")):
        frames = sorted(
            p
            for p in (images / file.parent.relative_to(labels)).glob("*")
            if p.suffix.lower() in IMAGE_SUFFIXES and not p.name.startswith(".")
        )
        peak = next((p for p in frames if p.stem == file.stem.removesuffix("_emotion")), None)
        if peak is None:
            raise UserError(f"The photo labelled by {file} is not in {images}; unpack {_CK_IMAGES} completely.")
        try:
            emotion = CK_EMOTIONS[int(float(file.read_text(encoding="utf-8").split()[0]))]
        except (ValueError, IndexError) as e:
            raise UserError(f"{file} does not contain an emotion number from 0 to 7; unpack {_CK_LABELS} again.") from e
        subject = file.relative_to(labels).parts[0]
        samples.append(Sample(peak, subject, emotion))
        if frames[0] != peak:
            samples.append(Sample(frames[0], subject, "neutral"))
    return samples


_AFEW_EMOTIONS = {
    "angry": "anger", "disgust": "disgust", "fear": "fear", "happy": "happiness",
    "neutral": "neutral", "sad": "sadness", "surprise": "surprise",
}  # fmt: skip


def from_afew(root: Path) -> list[Sample]:
    """AFEW as in EmotiW 2017 (Dhall et al.): Train_AFEW/Angry/000143240.avi, Val_AFEW/...

    The two parts have different films and actors, and subjects have no names: clips of Val are tested with those
    of Train as neighbours. If only one part exists, each clip counts as a different subject.
    """
    parts = {name: folder for name in ("Train", "Val") if (folder := _inside(root, f"{name}_AFEW"))}
    if not parts:
        raise UserError(f"{root} has neither Train_AFEW nor Val_AFEW; give the right folder with --root.")
    samples = []
    for name, folder in parts.items():
        reference = name == "Train" if len(parts) == 2 else None
        for path in _media(folder):
            emotion = _AFEW_EMOTIONS.get(path.relative_to(folder).parts[0].lower())
            if emotion and path.suffix.lower() in VIDEO_SUFFIXES:
                samples.append(Sample(path, f"{name}/{path.stem}", emotion, reference))
    return samples


LOADERS: dict[str, Callable[[Path], list[Sample]]] = {
    "folder": from_folder,
    "csv": from_csv,
    "ckplus": from_ckplus,
    "afew": from_afew,
}


def _media(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in _MEDIA and not p.name.startswith("."))


def _inside(root: Path, name: str) -> Path | None:
    """The folder `name` in `root` or one level below, where archives often unpack."""
    return next((p for p in (root / name, *sorted(root.glob(f"*/{name}"))) if p.is_dir()), None)
