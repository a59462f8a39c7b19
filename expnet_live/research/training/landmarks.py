"""Landmarks of photo collections: the consensus of two detectors over several looks at each photo.

A single look of Face Mesh is off by somewhat more than 1 % of the outer-eye distance, and differently
in a photo and in its mirror image. So each photo is also processed mirrored and turned, and the mean
is kept; an optional teacher (MediaPipe Face Landmarker) has half of the weight, and gives 52 named
action scores. If the looks disagree, there is no face, or it is upside down. The result is a cache
for the face model, the labels and the evaluation.
"""

from __future__ import annotations

import logging
import multiprocessing as mp
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from tqdm import tqdm

from expnet_live.core.arkit import mirrored_name
from expnet_live.core.errors import UserError
from expnet_live.core.types import Array, Image
from expnet_live.heads.topology import LEFT_EYE_OUTER, N_BASE, RIGHT_EYE_OUTER, base_topology, mirror_of_mesh
from expnet_live.pipeline.face_mesh import FaceMesh
from expnet_live.pipeline.landmarker import Landmarker
from expnet_live.research.training.array_file import ArrayFile
from expnet_live.research.training.photos import PhotoRef, read_photo

log = logging.getLogger(__name__)

N_LANDMARKS = 478
N_SCORES = 52
CHUNK = 256
THUMB = 32  # px
_CONFIDENCE = 0.4  # confidence that there is a face
_PAD = 0.25  # margin around a photo, with which detection in tight crops is much more reliable
_ANGLE, _ZOOM = 8.0, 0.9  # rotation (degrees) and scale of the turned look


@dataclass
class LandmarkSet(ArrayFile):
    """Landmarks of N photos.

    `landmarks` (N, 478, 3): x right and y down in pixels of the upright photo (integer = pixel
    centre), z in the same scale towards the scene; NaN where no face was found.
    `spread` (N,): mean distance of the points in per cent of the outer-eye distance, between the mean look of
    Face Mesh and the one farthest from it, or the teacher's mean if that is more; infinite if a look found no face.
    `scores` (N, 52): the teacher's, NaN without one.
    `flip` (N,): 1 where the photo had to be turned upside down (flipped vertically) first.
    `size` (N, 2): width and height in pixels. `thumb` (N, 32, 32, 3): a small picture of the face and its surroundings.
    """

    key: Array
    landmarks: Array
    spread: Array
    scores: Array
    flip: Array
    size: Array
    thumb: Array
    score_names: Array


@dataclass(frozen=True, eq=False)
class Looks:
    """The result of all looks at one photo; fields as in LandmarkSet."""

    landmarks: Array
    spread: float
    scores: Array
    score_names: list[str]


def face_landmarker(path: Path, detection: float, presence: float) -> Landmarker:
    """MediaPipe's Face Landmarker with its 52 scores, from a .task file; least confidences of detection and presence.

    Raises UserError if it is not a Face Landmarker.
    """
    try:
        return Landmarker(
            path,
            output_face_blendshapes=True,
            min_face_detection_confidence=detection,
            min_face_presence_confidence=presence,
        )
    except (RuntimeError, ValueError, OSError) as e:
        raise UserError(f"{path} is not a Face Landmarker with blendshapes (.task); give one with --teacher.") from e


class LandmarkDetector:
    """Face Mesh with refined eyes and lips on still photos, and optionally a blendshape teacher.

    Raises UserError if the teacher is not a Face Landmarker.
    """

    def __init__(self, teacher: Path | None = None) -> None:
        self._mesh = FaceMesh(confidence=_CONFIDENCE)
        self._mirror = mirror_of_mesh(base_topology().triangles)
        self._teacher = None if teacher is None else face_landmarker(teacher, _CONFIDENCE, _CONFIDENCE)

    def mesh(self, image: Image) -> Array | None:
        """Landmarks (478, 3) in pixels of `image` (BGR uint8), or None without a face."""
        rgb, pad = self._padded(image)
        points = self._mesh.process(rgb)
        return None if points is None else self._pixels(points, rgb, pad)

    def teach(self, image: Image) -> tuple[Array, Array, list[str]] | None:
        """The teacher's landmarks (478, 3), its 52 scores in 0..1 and their names."""
        assert self._teacher is not None
        rgb, pad = self._padded(image)
        found = self._teacher.detect(rgb)
        if not found.face_landmarks:
            return None
        scores = found.face_blendshapes[0]
        return (
            self._pixels(np.array([(p.x, p.y, p.z) for p in found.face_landmarks[0]]), rgb, pad),
            np.array([c.score for c in scores], np.float32),
            [c.category_name for c in scores],
        )

    def look(self, image: Image) -> Looks | None:
        """The mean of all looks at a photo, or None if Face Mesh finds no face in the original."""
        if (first := self.mesh(image)) is None:
            return None
        mirror_image = np.ascontiguousarray(image[:, ::-1])
        width = image.shape[1]
        meshes = [first, self._turned(image)]
        meshes += [self._unmirrored(p, width) for p in (self.mesh(mirror_image), self._turned(mirror_image))]
        taught: list[Array | None] = []
        scores: Array = np.full(N_SCORES, np.nan, np.float32)
        names: list[str] = []
        if self._teacher is not None:
            plain, other = self.teach(image), self.teach(mirror_image)
            taught = [plain and plain[0], self._unmirrored(other and other[0], width)]
            if plain is not None and other is not None:
                names = plain[2]
                swap = [names.index(mirrored_name(n)) for n in names]
                scores = (plain[1] + other[1][swap]) / 2
        means = [
            np.mean([p for p in looks if p is not None], axis=0)
            for looks in (meshes, taught)
            if any(p is not None for p in looks)
        ]
        mean = np.mean(means, axis=0, dtype=np.float32)
        spread = np.inf
        if all(p is not None for p in meshes + taught):
            eyes = np.linalg.norm(first[LEFT_EYE_OUTER, :2] - first[RIGHT_EYE_OUTER, :2])
            off = [_distance(p, means[0]) for p in meshes if p is not None] + [_distance(means[0], means[-1])]
            spread = 100 * max(off) / float(eyes)
        return Looks(mean, spread, scores, names)

    def _turned(self, image: Image) -> Array | None:
        """`mesh` of the rotated and shrunk picture, in pixels of the picture itself."""
        h, w = image.shape[:2]
        there = cv2.getRotationMatrix2D(((w - 1) / 2, (h - 1) / 2), _ANGLE, _ZOOM)
        found = self.mesh(cv2.warpAffine(image, there, (w, h)))
        if found is not None:
            back = cv2.invertAffineTransform(there)
            found[:, :2] = found[:, :2] @ back[:, :2].T + back[:, 2]
            found[:, 2] /= _ZOOM
        return found

    def _unmirrored(self, points: Array | None, width: int) -> Array | None:
        if points is None:
            return None
        result: Array = points[self._mirror] * np.array([-1, 1, 1], np.float32)
        result[:, 0] += width - 1
        return result

    def _padded(self, image: Image) -> tuple[Image, int]:
        pad = int(_PAD * max(image.shape[:2]))
        padded = cv2.copyMakeBorder(image, pad, pad, pad, pad, cv2.BORDER_CONSTANT)
        return cv2.cvtColor(padded, cv2.COLOR_BGR2RGB), pad

    @staticmethod
    def _pixels(points: Array, rgb: Image, pad: int) -> Array:
        h, w = rgb.shape[:2]
        return np.asarray(points * (w, h, w) - (0.5 + pad, 0.5 + pad, 0), np.float32)


_detector: LandmarkDetector | None = None
_teacher: Path | None = None


def _start_worker(teacher: Path | None) -> None:
    global _detector, _teacher
    cv2.setNumThreads(1)
    _teacher = teacher
    _detector = LandmarkDetector(teacher)


def _detect(ref: PhotoRef) -> dict[str, Any]:
    assert _detector is not None
    row: dict[str, Any] = {
        "key": ref.key,
        "landmarks": np.full((N_LANDMARKS, 3), np.nan, np.float32),
        "spread": np.inf,
        "scores": np.full(N_SCORES, np.nan, np.float32),
        "flip": 0,
        "size": (0, 0),
        "thumb": np.zeros((THUMB, THUMB, 3), np.uint8),
        "score_names": [],
    }
    image = read_photo(ref)
    if image is None:
        return row
    row["size"] = (image.shape[1], image.shape[0])
    found = _detector.look(image)
    if found is None:
        image = np.ascontiguousarray(image[::-1])
        found = _detector.look(image)
        row["flip"] = 1
    if found is not None:
        row |= {f.name: getattr(found, f.name) for f in fields(Looks)}
        row["thumb"] = _thumb(image, found.landmarks)
    return row


def _distance(a: Array, b: Array) -> float:
    return float(np.linalg.norm((a - b)[:N_BASE, :2], axis=1).mean())


def _thumb(image: Image, landmarks: Array) -> Image:
    """The upright face in the middle half of a small picture."""
    right, left = landmarks[RIGHT_EYE_OUTER, :2], landmarks[LEFT_EYE_OUTER, :2]
    oval = landmarks[:N_BASE, :2]
    angle = np.degrees(np.arctan2(*(left - right)[::-1]))
    scale = THUMB / (2 * float(np.ptp(oval, axis=0).max()))
    center = oval.mean(0)
    matrix = cv2.getRotationMatrix2D((float(center[0]), float(center[1])), float(angle), scale)
    matrix[:, 2] += (THUMB - 1) / 2 - center
    # Shrunk first: the warp alone would skip pixels.
    small = cv2.resize(image, None, fx=min(2 * scale, 1), fy=min(2 * scale, 1), interpolation=cv2.INTER_AREA)
    matrix[:, :2] /= min(2 * scale, 1)
    return np.asarray(cv2.warpAffine(small, matrix, (THUMB, THUMB)))


def detect_landmarks(refs: Sequence[PhotoRef], out: Path, *, teacher: Path | None = None, jobs: int = 2) -> LandmarkSet:
    """Landmarks of all photos, written to `out`; resumes from the parts an interrupted run left.

    Raises UserError if Face Mesh is missing, the teacher is not a Face Landmarker, or `out` cannot be written.
    """
    if out.exists():
        return LandmarkSet.load(out)
    # In the processes of a pool, a missing network or a wrong file would raise again and again.
    if teacher is not None:
        face_landmarker(teacher, _CONFIDENCE, _CONFIDENCE).close()
    FaceMesh().close()
    parts = out.with_suffix(".parts")
    try:
        parts.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise UserError(f"{out} cannot be written ({e.strerror or e}); choose another place for --landmarks.") from e
    chunks = [refs[i : i + CHUNK] for i in range(0, len(refs), CHUNK)]
    todo = [(i, c) for i, c in enumerate(chunks) if not _is_of(parts / f"{i:05d}.npz", c)]
    context = mp.get_context("spawn")
    with (
        context.Pool(jobs, _start_worker, (teacher,)) as pool,
        tqdm(total=sum(len(c) for _, c in todo), desc="landmarks", unit="photo") as bar,
    ):
        for i, chunk in todo:
            rows = []
            for row in pool.imap(_detect, chunk, chunksize=8):
                rows.append(row)
                bar.update()
            _to_set(rows).save(parts / f"{i:05d}.npz")
    sets = [LandmarkSet.load(parts / f"{i:05d}.npz") for i in range(len(chunks))]
    names = next((s.score_names for s in sets if s.score_names.size), np.array([], str))
    joined = {f.name: np.concatenate([getattr(s, f.name) for s in sets]) for f in fields(LandmarkSet)}
    merged = LandmarkSet(**{**joined, "score_names": names})
    merged.save(out)
    for part in parts.iterdir():
        part.unlink()
    parts.rmdir()
    return merged


def _is_of(part: Path, chunk: Sequence[PhotoRef]) -> bool:
    """Whether the part exists, and is of these photos; the interrupted run may have had others."""
    return part.exists() and LandmarkSet.load(part).key.tolist() == [ref.key for ref in chunk]


def _to_set(rows: list[dict[str, Any]]) -> LandmarkSet:
    names: list[str] = next((r["score_names"] for r in rows if r["score_names"]), [])
    return LandmarkSet(
        key=np.array([r["key"] for r in rows]),
        landmarks=np.stack([r["landmarks"] for r in rows]),
        spread=np.array([r["spread"] for r in rows], np.float32),
        scores=np.stack([r["scores"] for r in rows]),
        flip=np.array([r["flip"] for r in rows], np.int8),
        size=np.array([r["size"] for r in rows], np.int32),
        thumb=np.stack([r["thumb"] for r in rows]),
        score_names=np.array(names, str),
    )
