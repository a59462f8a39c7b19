"""Labels photos and frames of clips with the pipeline's crop, the network's predictions and the teacher's scores.

Frames of held-out people are labelled as well; training.actions.train excludes them.
"""

from __future__ import annotations

import hashlib
import logging
import multiprocessing as mp
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from expnet_live.archive.cluster import each
from expnet_live.core.errors import SourceError, UserError
from expnet_live.core.types import Image
from expnet_live.heads.face_model import FaceModel
from expnet_live.networks.predictor import Predictor
from expnet_live.pipeline.close_look import CloseCrop, CloseLook
from expnet_live.pipeline.finder import Finder
from expnet_live.pipeline.look import Stopwatch, first_crop, look_at
from expnet_live.research.training.actions.shelf import Labelled, asked_in, crop_of, save_part
from expnet_live.research.training.actions.teacher import Teacher
from expnet_live.research.training.crops import cut_tight
from expnet_live.research.training.photos import PhotoRef, bytes_of, read_photo
from expnet_live.video.reader import VideoReader

log = logging.getLogger(__name__)

CHUNK = 200
_SMALL, _ENLARGED = 100, 4  # photos smaller than this (px) are enlarged by this factor
_CONFIDENCE = 0.4


class Labeller:
    """Labels the largest face of a picture."""

    def __init__(self, teacher: Path, weights: Path | None = None) -> None:
        self._network = Predictor.load(weights, device="cpu", threads=1)
        self._close = CloseLook(self._network, FaceModel.load())
        self._detector, self._teacher = Finder(), Teacher(teacher)

    def label(self, key: str, image: Image, thorough: bool) -> Labelled | None:
        """The label, or None if the detector, the network or the teacher finds no face."""
        found = self._detector.detect(image, thorough=thorough)
        if not found:
            return None
        watch = Stopwatch()
        (look,) = look_at(image, [first_crop(image, found[0], self._network)], self._network, watch)
        for _ in range(2):
            if not look.plausible:
                return None
            (look,) = look_at(image, [CloseCrop.of_view(look.view, self._network.crop_size)], self._close, watch)
        if not look.plausible or look.confidence < _CONFIDENCE:
            return None
        taught = self._teacher.teach(image, look.view)
        if taught is None:
            return None
        crop = crop_of(look.view)
        view = look.view.transformed(crop.matrix)
        return Labelled(
            key=key,
            image=cut_tight(image, crop, zlib.crc32(bytes_of(key))),
            scores=taught.scores,
            mirrored=taught.mirrored,
            points=(taught.points @ crop.matrix[:, :2].T + crop.matrix[:, 2]).astype(np.float32),
            spread=taught.spread,
            rotation=np.asarray(view.rotation, np.float32),
            scale=float(view.scale),
            origin=np.array([view.x, view.y], np.float32),
            expression=look.expression,
            identity=look.identity,
            gaze=np.zeros((2, 2), np.float32) if look.gaze is None else look.gaze,
        )


@dataclass(frozen=True)
class ClipFrames:
    """Every `step`-th frame of a clip."""

    path: Path
    step: int


Chunk = Sequence[PhotoRef] | ClipFrames


@dataclass(frozen=True)
class Part:
    """One file to write: `out`/`name`.npz."""

    chunk: Chunk
    out: Path
    teacher: Path

    @property
    def name(self) -> str:
        """It follows from the inputs, so that another part never takes the place of this one."""
        if isinstance(self.chunk, ClipFrames):
            return f"clip-{self.chunk.path.stem}-{self.chunk.step}"
        return "photos-" + hashlib.sha256(bytes_of("\n".join(self.keys))).hexdigest()[:12]

    @property
    def keys(self) -> list[str]:
        """The keys of its photos."""
        return [] if isinstance(self.chunk, ClipFrames) else [ref.key for ref in self.chunk]


def missing_parts(photos: Sequence[PhotoRef], clips: Sequence[Path], step: int, out: Path, teacher: Path) -> list[Part]:
    """A part for each clip and then for each 200 photos, in their order, without those that `out` holds already.

    A clip is known by its name and `step`, a photo by its key. Raises UserError if two of the inputs cannot be told
    apart by them.
    """
    _check_names([clip.stem for clip in clips])
    _check_names([ref.key for ref in photos])
    films = [Part(ClipFrames(clip, step), out, teacher) for clip in clips]
    known = asked_in(out)
    new = [ref for ref in photos if ref.key not in known]
    stills = [Part(new[i : i + CHUNK], out, teacher) for i in range(0, len(new), CHUNK)]
    return [part for part in films if not (out / f"{part.name}.npz").exists()] + stills


def _check_names(names: list[str]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise UserError(f"{count} inputs are called {name}; leave out or rename all but one, or their folders.")


def numbers_in(parts: Sequence[Part]) -> dict[str, int]:
    """How many inputs the parts have of each collection of photos and folder of clips, in the order of the parts."""
    numbers: Counter[str] = Counter()
    for part in parts:
        if isinstance(part.chunk, ClipFrames):
            numbers[f"clips of {part.chunk.path.parent.name}"] += 1
        else:
            numbers.update(f"photos of {ref.collection}" for ref in part.chunk)
    return dict(numbers)


def label_all(parts: Sequence[Part], jobs: int, cluster: str | None = None) -> int:
    """Write the parts, in their order, and return the number of pictures.

    `jobs` processes of this computer do it, or a Dask cluster, see `archive.cluster`; its workers have the same paths.
    Raises UserError if the teacher is not a Face Landmarker, or if the cluster cannot be reached.
    """
    for teacher in {part.teacher for part in parts}:
        # In other processes, a wrong file would raise again and again.
        Teacher(teacher).close()
    with ExitStack() as stack:
        counts: Iterator[int]
        if cluster is None:
            pool = stack.enter_context(mp.get_context("spawn").Pool(jobs))
            counts = pool.imap_unordered(label_part, parts)
        else:
            counts = each(cluster, label_part, parts)
        return sum(tqdm(counts, "labels", len(parts), unit="part"))


def label_part(part: Part) -> int:
    """Write a part; returns the number of its pictures."""
    labeller, thorough = _labeller(part.teacher), not isinstance(part.chunk, ClipFrames)
    rows: list[Labelled] = []
    try:
        for key, image in pictures_of(part.chunk):
            if (label := labeller.label(key, image, thorough)) is not None:
                rows.append(label)
    except SourceError as error:  # of a clip; what was read before counts
        log.warning("%s", error)
        if not rows:
            return 0  # it is still missing when the clip has been mended
    save_part(part.out, part.name, rows, part.keys)
    return len(rows)


@cache
def _labeller(teacher: Path) -> Labeller:
    """That of this process, which does one part at a time."""
    cv2.setNumThreads(1)
    return Labeller(teacher)


def pictures_of(chunk: Chunk) -> Iterator[tuple[str, Image]]:
    """The pictures to label with their keys: that of a photo, or the clip's name and the number of its frame.

    Raises SourceError, for a damaged clip after its good frames.
    """
    if isinstance(chunk, ClipFrames):
        with closing(VideoReader(chunk.path)) as reader:
            for picture in reader:
                if picture.index % chunk.step == 0:
                    yield f"{chunk.path.stem}/{picture.index}", picture.image
        return
    for ref in chunk:
        photo = read_photo(ref)
        if photo is None:
            continue
        if max(photo.shape[:2]) < _SMALL:
            photo = np.asarray(cv2.resize(photo, None, fx=_ENLARGED, fy=_ENLARGED, interpolation=cv2.INTER_CUBIC))
        yield ref.key, photo
