"""Landmark detection over photo collections, by mediapipe's Face Mesh, on several processes.

The result is a cache that the face model, the labels and the evaluation share. An optional
teacher (MediaPipe Face Landmarker with blendshape scores) adds 52 named action scores per face.
"""

from __future__ import annotations

import logging
import multiprocessing as mp
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from tqdm import tqdm

from expnet_live.training.array_file import ArrayFile
from expnet_live.training.photos import PhotoRef, read_photo
from expnet_live.types import Array, Image

log = logging.getLogger(__name__)

N_LANDMARKS = 478
N_SCORES = 52
CHUNK = 256


@dataclass
class LandmarkSet(ArrayFile):
    """Landmarks of N photos.

    `landmarks` (N, 478, 3): x right and y down in pixels of the upright photo (integer = pixel
    centre), z in the same scale towards the scene; NaN where no face was found.
    `teacher_landmarks` (N, 478, 3) and `scores` (N, 52): the teacher's, NaN without one.
    `flip` (N,): 1 where the photo had to be turned upside down (flipped vertically) first.
    `size` (N, 2): width and height in pixels.
    """

    key: Array
    landmarks: Array
    teacher_landmarks: Array
    scores: Array
    flip: Array
    size: Array
    score_names: Array


class LandmarkDetector:
    """Face Mesh with refined eyes and lips on still photos, and optionally a blendshape teacher."""

    def __init__(self, teacher: Path | None = None, pad: float = 0.25, min_confidence: float = 0.4) -> None:
        import mediapipe

        self._pad = pad
        self._mesh = mediapipe.solutions.face_mesh.FaceMesh(
            static_image_mode=True,
            refine_landmarks=True,
            max_num_faces=1,
            min_detection_confidence=min_confidence,
        )
        self._teacher: Any = None
        if teacher is not None:
            vision = mediapipe.tasks.vision
            self._teacher = vision.FaceLandmarker.create_from_options(
                vision.FaceLandmarkerOptions(
                    base_options=mediapipe.tasks.BaseOptions(model_asset_path=str(teacher)),
                    output_face_blendshapes=True,
                    min_face_detection_confidence=min_confidence,
                    min_face_presence_confidence=min_confidence,
                )
            )
            self._mp_image = mediapipe.Image
            self._srgb = mediapipe.ImageFormat.SRGB

    def mesh(self, image: Image) -> Array | None:
        """Landmarks (478, 3) in pixels of `image` (BGR uint8), None without a face."""
        rgb, pad = self._padded(image)
        faces = self._mesh.process(rgb).multi_face_landmarks
        return self._pixels(faces[0].landmark, rgb, pad) if faces else None

    def teach(self, image: Image) -> tuple[Array, Array, list[str]] | None:
        """The teacher's landmarks (478, 3), its 52 scores in 0..1 and their names."""
        rgb, pad = self._padded(image)
        found = self._teacher.detect(self._mp_image(image_format=self._srgb, data=rgb))
        if not found.face_landmarks:
            return None
        scores = found.face_blendshapes[0]
        return (
            self._pixels(found.face_landmarks[0], rgb, pad),
            np.array([c.score for c in scores], np.float32),
            [c.category_name for c in scores],
        )

    def _padded(self, image: Image) -> tuple[Image, int]:
        # Tight crops are found far more reliably with a margin around them.
        pad = int(self._pad * max(image.shape[:2]))
        padded = cv2.copyMakeBorder(image, pad, pad, pad, pad, cv2.BORDER_CONSTANT)
        return cv2.cvtColor(padded, cv2.COLOR_BGR2RGB), pad

    @staticmethod
    def _pixels(points: Iterable[Any], rgb: Image, pad: int) -> Array:
        h, w = rgb.shape[:2]
        xyz = np.array([(p.x * w - 0.5 - pad, p.y * h - 0.5 - pad, p.z * w) for p in points], np.float32)
        return xyz


_detector: LandmarkDetector | None = None
_teacher: Path | None = None


def _start_worker(teacher: Path | None) -> None:
    global _detector, _teacher
    cv2.setNumThreads(1)
    _teacher = teacher
    _detector = LandmarkDetector(teacher)


def _detect(ref: PhotoRef) -> dict[str, Any]:
    assert _detector is not None
    nothing = np.full((N_LANDMARKS, 3), np.nan, np.float32)
    row: dict[str, Any] = {
        "key": ref.key,
        "landmarks": nothing,
        "teacher_landmarks": nothing,
        "scores": np.full(N_SCORES, np.nan, np.float32),
        "flip": 0,
        "size": (0, 0),
    }
    image = read_photo(ref)
    if image is None:
        return row
    row["size"] = (image.shape[1], image.shape[0])
    found = _detector.mesh(image)
    if found is None:
        image = np.ascontiguousarray(image[::-1])
        found = _detector.mesh(image)
        row["flip"] = 1
    if found is not None:
        row["landmarks"] = found
        if _teacher is not None and (taught := _detector.teach(image)) is not None:
            row["teacher_landmarks"], row["scores"], row["score_names"] = taught
    return row


def detect_landmarks(refs: Sequence[PhotoRef], out: Path, *, teacher: Path | None = None, jobs: int = 2) -> LandmarkSet:
    """Landmarks of all photos, written to `out`; resumes from the parts an interrupted run left."""
    if out.exists():
        return LandmarkSet.load(out)
    parts = out.with_suffix(".parts")
    parts.mkdir(parents=True, exist_ok=True)
    chunks = [refs[i : i + CHUNK] for i in range(0, len(refs), CHUNK)]
    todo = [(i, c) for i, c in enumerate(chunks) if not (parts / f"{i:05d}.npz").exists()]
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


def _to_set(rows: list[dict[str, Any]]) -> LandmarkSet:
    names: list[str] = next((r["score_names"] for r in rows if "score_names" in r), [])
    return LandmarkSet(
        key=np.array([r["key"] for r in rows]),
        landmarks=np.stack([r["landmarks"] for r in rows]),
        teacher_landmarks=np.stack([r["teacher_landmarks"] for r in rows]),
        scores=np.stack([r["scores"] for r in rows]),
        flip=np.array([r["flip"] for r in rows], np.int8),
        size=np.array([r["size"] for r in rows], np.int32),
        score_names=np.array(names, str),
    )
