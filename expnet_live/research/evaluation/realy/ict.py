"""Makes scans and pictures in the REALY benchmark's layout from the ICT Face Model Light, with known ground truth.

Identities are drawn from the model's own components, from which nothing of ours was learned. Heads get the colours of
our face model's skin, brows and lips, and eyes, so that a detector accepts their pictures as photos.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from scipy import sparse
from scipy.interpolate import RBFInterpolator
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from tqdm import tqdm

from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.geometry.normals import NormalOperator
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.palette import SKIN
from expnet_live.heads.topology import IBUG
from expnet_live.meshes.subdivision import edges_of
from expnet_live.render import shading
from expnet_live.research.evaluation.realy.align import REGIONS, Scan, Surface
from expnet_live.research.evaluation.realy.data import PICTURES, write_scales, write_scan
from expnet_live.research.evaluation.realy.keypoints import face_mesh_keypoints
from expnet_live.research.training.ict_head import IctHead, off_axis
from expnet_live.research.training.made.ict import EYES, HEAD

MM_PER_UNIT = 10.0
SIZE = 512  # px
YAWS = (-40, -20, 20, 40)  # degrees of the side views
_PX_PER_MM = 1.9
_MIDDLE = np.array([0.0, 2.0, 9.0], np.float32)  # of the face, in the model's cm
_LASHES = (slice(25351, 25693), slice(26035, 26377))  # the upper ones
_IRIS, _PUPIL = 0.47, 0.17  # rad from an eye's axis
# Face Mesh points of each region; a vertex belongs to the region of its nearest such point.
_SEEDS = {
    "nose": (168, 6, 197, 195, 5, 4, 1, 2, 98, 327, 64, 294, 48, 278, 129, 358, 45, 275, 122, 351, 131, 360, 217, 437),
    "mouth": (61, 291, 39, 269, 37, 267, 0, 17, 84, 314, 181, 405, 91, 321, 18, 164, 165, 391, 57, 287, 43, 273),
    "forehead": (
        10, 151, 9, 8, 67, 297, 69, 299, 104, 333, 103, 332, 54, 284, 105, 334, 70, 300, 33, 263, 133, 362, 159, 386,
        145, 374, 107, 336, 109, 338, 21, 251, 68, 298, 144, 373, 153, 380, 31, 261, 228, 448, 22, 252,
    ),
    "cheek": (
        50, 280, 205, 425, 187, 411, 207, 427, 118, 347, 101, 330, 117, 346, 123, 352, 147, 376, 192, 416, 214, 434,
        135, 364, 150, 379, 176, 400, 152, 175, 199, 208, 428, 171, 396, 116, 345, 137, 366, 36, 266, 142, 371,
        140, 369,
    ),
}  # fmt: skip
_ALIKE = 0.3  # cosine between normals above which skin is the same
_REACH = 1.2  # cm from the warped face within which a vertex belongs to it
_TONES = ((1.0, 1.0, 1.0), (0.93, 0.88, 0.84), (0.78, 0.7, 0.64), (0.6, 0.52, 0.47), (0.45, 0.38, 0.35))


class IctScanner:
    """Scans and photographs ICT heads."""

    def __init__(self, head: IctHead, model: FaceModel) -> None:
        self.head = head
        # A thin-plate spline through the landmarks maps our face onto the neutral head; those of the jaw may slide.
        held = [8, *range(17, len(IBUG))]
        at = face_mesh_keypoints(model.mean)[held]
        warp = RBFInterpolator(at, head.neutral[head.landmarks[held]], kernel="thin_plate_spline", smoothing=1.0)
        rest = model.vertices(np.zeros(len(model.names), np.float32))
        skin = warp(rest[: model.n_face].astype(np.float64))
        face = head.neutral[HEAD]
        distance, nearest = cKDTree(skin).query(face)
        # The inside of mouth and nose is also near the skin, but faces the other way.
        skin_normals = self._normals_of(skin, model.face_triangles)[nearest]
        head_normals = self._normals_of(head.neutral, head.triangles[(head.triangles < HEAD.stop).all(1)])[HEAD]
        self._face = (distance < _REACH) & ((skin_normals * head_normals).sum(1) > _ALIKE)
        self._colors = self._painted(model, nearest, distance)
        self._regions = self._divided(warp(model.mean.astype(np.float64)), face)
        # iBUG's points are the model's own; of the other keypoints, the closest vertices.
        more = face_mesh_keypoints(warp(model.mean.astype(np.float64)))[len(IBUG) :]
        self.keypoints = np.concatenate([head.landmarks, cKDTree(face).query(more)[1]])
        shown = np.zeros(len(head.neutral), bool)
        for part in (HEAD, *EYES.values(), *_LASHES):
            shown[part] = True
        self._triangles = head.triangles[shown[head.triangles].all(1)]
        self._normals = NormalOperator(self._triangles, len(head.neutral))

    @staticmethod
    def _normals_of(vertices: Array, triangles: Array) -> Array:
        return NormalOperator(triangles, len(vertices))(vertices.astype(np.float32))

    def scan(self, weights: Array) -> Scan:
        vertices = self.head.of(weights)
        regions = {}
        for name, (used, triangles) in self._regions.items():
            regions[name] = Surface(vertices[used], triangles)
        return Scan(vertices[self.keypoints], regions, MM_PER_UNIT)

    def photo(self, weights: Array, yaw: float, pitch: float = 0.0, tone: int = 0) -> Image:
        """A picture (512, 512, 3) of the head turned by yaw and pitch (degrees), BGR."""
        from scipy.spatial.transform import Rotation

        vertices = ((self.head.of(weights) - _MIDDLE) * MM_PER_UNIT).astype(np.float32)
        colors = self._colors.copy()
        colors[HEAD] *= np.array(_TONES[tone % len(_TONES)])
        surface = shading.Surface(self._triangles, np.clip(colors, 0, 255).astype(np.uint8), self._shine())
        turn = Rotation.from_euler("YX", [yaw, pitch], degrees=True).as_rotvec()
        view = WeakPerspective(turn, _PX_PER_MM, (SIZE - 1) / 2, (SIZE - 1) / 2)
        return shading.render(
            surface, vertices, self._normals(vertices), view, (SIZE, SIZE), background=(120, 112, 108)
        )

    def _painted(self, model: FaceModel, nearest: Array, distance: Array) -> Array:
        """RGB (V, 3) float."""
        colors = np.tile(np.array(SKIN, float), (len(self.head.neutral), 1))
        skin = model.colors[: model.n_face].astype(float)
        # Away from the face, our colours fade into their mean.
        fade = np.clip(1 - distance / _REACH, 0, 1)[:, None]
        colors[HEAD] = fade * skin[nearest] + (1 - fade) * np.median(skin, axis=0)
        for part in _LASHES:
            colors[part] = (35, 26, 22)
        for part in EYES.values():
            angle = off_axis(self.head.neutral[part])
            eye = np.where(angle < _IRIS, (92.0, 62.0, 40.0), (226.0, 220.0, 214.0))
            colors[part] = np.where(angle < _PUPIL, (18.0, 16.0, 16.0), eye)
        return colors

    def _shine(self) -> Array:
        shine = np.full(len(self.head.neutral), shading.SKIN_SHINE, np.float32)
        for part in EYES.values():
            shine[part] = 1.0
        return shine

    def _divided(self, base: Array, face: Array) -> dict[str, tuple[Array, Array]]:
        """For each region its vertices, and its triangles among these."""
        seeds = np.concatenate([base[list(_SEEDS[r])] for r in REGIONS])
        region_of_seed = np.repeat(np.arange(len(REGIONS)), [len(_SEEDS[r]) for r in REGIONS])
        of = np.where(self._face, region_of_seed[cKDTree(seeds).query(face)[1]], -1)
        regions = {}
        triangles = self.head.triangles[(self.head.triangles < HEAD.stop).all(1)]
        for i, name in enumerate(REGIONS):
            inside = _largest_piece(triangles[(of[triangles] == i).all(1)])
            used, flat = np.unique(inside, return_inverse=True)
            regions[name] = (used, flat.reshape(-1, 3))
        return regions


def _largest_piece(triangles: Array) -> Array:
    edges = edges_of(triangles)[0]
    n = int(triangles.max()) + 1
    piece = connected_components(sparse.coo_matrix((np.ones(len(edges)), edges.T), (n, n)), False)[1]
    sizes = np.bincount(piece[triangles[:, 0]])
    result: Array = triangles[piece[triangles[:, 0]] == sizes.argmax()]
    return result


def make_benchmark(scanner: IctScanner, root: Path, people: int) -> None:
    """Write `people` scans of random identities, a frontal picture and side views of each."""
    rng = np.random.default_rng(0)
    frontal, side = (root / PICTURES / f"crop_image_{v}_{SIZE}x{SIZE}" for v in ("frontal", "multiview"))
    for folder in (frontal, side):
        folder.mkdir(parents=True, exist_ok=True)
    for number in tqdm(range(1, people + 1), "heads", unit="person"):
        weights = rng.standard_normal(len(scanner.head.identity))
        pitch, tone = float(rng.normal(0, 3)), int(rng.integers(len(_TONES)))
        write_scan(root, number, scanner.scan(weights))
        cv2.imwrite(str(frontal / f"{number}.png"), scanner.photo(weights, float(rng.normal(0, 3)), pitch, tone))
        for view, yaw in enumerate(YAWS, start=1):
            cv2.imwrite(str(side / f"{number}_{view}.png"), scanner.photo(weights, yaw, pitch, tone))
    write_scales(root, np.full(people, MM_PER_UNIT))
