"""MediaPipe's Face Landmarker as a teacher: its scores of a face in ARKit's order, as the mean of several looks.

The scores of a picture and of its mirror image differ: over photos, they correlate by .97 for the jaw and smiles, .93
for brows and blinks, .8 for glances and .6 for a sideways jaw. Their mean is better than either, and their difference
measures the quality of a label.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from expnet_live.core.arkit import INDEX, MIRROR, N_BLENDSHAPES
from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.heads.topology import N_BASE, base_topology, eye_distance, mirror_of_mesh
from expnet_live.pipeline.crop import Crop
from expnet_live.research.training.landmarks import face_landmarker

_SIZE = 320  # px of the teacher's input
_AROUND = 1.5  # its side, in sides of a network's crop
_TURN, _ZOOM = 0.12, 1.12  # rotation (rad) and scale of the second pair of looks
_MIN_DETECTION, _MIN_PRESENCE = 0.2, 0.3


@dataclass(frozen=True, eq=False)
class Taught:
    """The teacher's result for a face.

    `scores`, `mirrored` (52,): means of the looks at the picture and at its mirror image, the latter with left and
    right swapped back; NaN where the teacher has no such action. `points` (468, 2): mean landmarks in pixels of the
    picture. `spread`: mean distance of the look farthest off, in per cent of the outer-eye distance.
    """

    scores: Array
    mirrored: Array
    points: Array
    spread: float

    @property
    def mean(self) -> Array:
        return np.asarray((self.scores + self.mirrored) / 2)


class Teacher:
    """The Face Landmarker in a .task file. Raises UserError if the file is not one."""

    def __init__(self, path: Path) -> None:
        self._landmarker = face_landmarker(path, _MIN_DETECTION, _MIN_PRESENCE)
        self._mirror = mirror_of_mesh(base_topology().triangles)

    def teach(self, image: Image, view: WeakPerspective, looks: int = 4) -> Taught | None:
        """Score the face with that pose in `image`; `looks` is 2 or 4. Returns None if a look finds no face."""
        around = Crop.of_view(view, _SIZE)
        said: dict[int, list[Array]] = {1: [], -1: []}
        points = []
        for turn, zoom in ((0.0, _AROUND), (_TURN, _AROUND * _ZOOM))[: looks // 2]:
            for side, scores in said.items():
                crop = Crop(around.x, around.y, around.side * zoom, around.roll + side * turn, _SIZE)
                look = self._look(np.ascontiguousarray(crop.cut(image)[:, ::side]))
                if look is None:
                    return None
                landmarks, score = look
                if side < 0:
                    landmarks[:, 0] = _SIZE - 1 - landmarks[:, 0]
                    landmarks, score = landmarks[self._mirror], score[MIRROR]
                back = crop.inverse
                points.append(landmarks[:N_BASE] @ back[:, :2].T + back[:, 2])
                scores.append(score)
        mean = np.mean(points, axis=0)
        eyes = float(eye_distance(mean))
        off = np.linalg.norm(np.array(points) - mean, axis=2).mean(1).max()
        return Taught(np.mean(said[1], axis=0), np.mean(said[-1], axis=0), mean, 100 * float(off) / eyes)

    def _look(self, image: Image) -> tuple[Array, Array] | None:
        rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        found = self._landmarker.detect(rgb)
        if not found.face_landmarks:
            return None
        scores = np.full(N_BLENDSHAPES, np.nan, np.float32)
        for category in found.face_blendshapes[0]:
            if category.category_name in INDEX:
                scores[INDEX[category.category_name]] = category.score
        landmarks = [(p.x * _SIZE - 0.5, p.y * _SIZE - 0.5) for p in found.face_landmarks[0]]
        return np.array(landmarks, np.float32), scores

    def close(self) -> None:
        self._landmarker.close()
