"""The REALY benchmark's files: scans in regions, keypoints, scales, pictures and meshes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from expnet_live.capture.kinds import IMAGE_SUFFIXES
from expnet_live.core.errors import UserError
from expnet_live.core.types import Array
from expnet_live.meshes.files import write_mesh
from expnet_live.research.evaluation.realy.align import N_KEYPOINTS, REGIONS, Scan, Surface

log = logging.getLogger(__name__)

KEYPOINTS, SCAN_REGIONS, SCALES, PICTURES = (
    "REALY_HIFI3D_keypoints", "REALY_scan_region", "metrical_scale.txt", "REALY_image",
)  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """A picture of a scan: frontal, named by the scan's number (1.jpg), or from the side (1_2.jpg)."""

    path: Path
    scan: int
    side: bool

    @property
    def name(self) -> str:
        return self.path.stem


class Benchmark:
    """The benchmark's data under `root`. Raises UserError if something is missing."""

    def __init__(self, root: Path) -> None:
        self._root = root
        for name in (KEYPOINTS, SCAN_REGIONS, SCALES):
            if not (root / name).exists():
                raise UserError(f"{root} lacks {name}; give the folder with the REALY benchmark's data with --root.")
        try:
            self._scales = np.loadtxt(root / SCALES, ndmin=1)
        except ValueError as e:
            raise UserError(f"{root / SCALES} must have one number per scan; copy it again.") from e

    def scan(self, number: int) -> Scan:
        """The scan with that number, which counts from 1."""
        if not 1 <= number <= len(self._scales):
            raise UserError(f"{self._root / SCALES} has no scale for scan {number}; is it of this benchmark?")
        keypoints = read_obj(self._root / KEYPOINTS / f"{number}.obj").vertices
        if len(keypoints) < N_KEYPOINTS:
            raise UserError(f"{self._root / KEYPOINTS}/{number}.obj has {len(keypoints)} keypoints instead of 85.")
        folder = self._root / SCAN_REGIONS / str(number)
        regions = {name: _tidied(read_obj(folder / f"{name}.obj")) for name in REGIONS}
        return Scan(keypoints[:N_KEYPOINTS], regions, float(self._scales[number - 1]))

    def pictures(self) -> list[Picture]:
        """The pictures in order; the crop if a picture exists cropped and whole."""
        found: dict[str, Picture] = {}
        files = sorted((self._root / PICTURES).rglob("*"), key=lambda p: ("crop" not in p.parent.name, str(p)))
        for path in files:
            if path.suffix.lower() in IMAGE_SUFFIXES and "depth" not in str(path.relative_to(self._root)).lower():
                number, _, view = path.stem.partition("_")
                if number.isdecimal() and (not view or view.isdecimal()):
                    found.setdefault(path.stem, Picture(path, int(number), bool(view)))
        return sorted(found.values(), key=lambda p: (p.scan, p.name))


def meshes_of(folder: Path) -> Iterator[tuple[str, int, bool, Path]]:
    """Name, scan's number, whether it is from a side view, and file of each predicted mesh."""
    for path in sorted(folder.rglob("*.obj"), key=lambda p: [int(n) for n in p.stem.split("_") if n.isdecimal()]):
        number, _, view = path.stem.partition("_")
        if number.isdecimal():
            yield path.stem, int(number), bool(view), path


def read_obj(path: Path) -> Surface:
    """Vertices and triangles of an OBJ file, with polygons split into fans. Raises UserError if it is not an OBJ."""
    vertices: list[list[str]] = []
    triangles: list[tuple[int, int, int]] = []
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            kind, *values = line.split() or ("",)
            if kind == "v":
                vertices.append(values[:3])
            elif kind == "f":
                corners = [int(v.partition("/")[0]) for v in values]
                triangles += [(corners[0], a, b) for a, b in pairwise(corners[1:])]
        points = np.array(vertices, np.float64).reshape(-1, 3)
    except OSError as e:
        raise UserError(f"{path} cannot be read ({e.strerror or e}); is the benchmark complete?") from e
    except ValueError as e:
        raise UserError(f"{path} is damaged or not an OBJ mesh; copy it again.") from e
    corners_ = np.array(triangles, np.int64).reshape(-1, 3) - 1
    if not len(points) or corners_.min(initial=0) < 0 or corners_.max(initial=0) >= len(points):
        raise UserError(f"{path} is damaged or not an OBJ mesh; copy it again.")
    return Surface(points, corners_)


def _tidied(mesh: Surface) -> Surface:
    """Merge identical points, and drop points without a triangle."""
    points, of = np.unique(mesh.vertices, axis=0, return_inverse=True)
    triangles = of.reshape(-1)[mesh.triangles]
    triangles = triangles[(triangles != np.roll(triangles, 1, axis=1)).all(1)]
    used, flat = np.unique(triangles, return_inverse=True)
    return Surface(points[used], flat.reshape(-1, 3))


def write_scan(root: Path, number: int, scan: Scan) -> None:
    """Write keypoints and regions of a scan in the benchmark's layout; the caller writes the scales."""
    folder = root / SCAN_REGIONS / str(number)
    folder.mkdir(parents=True, exist_ok=True)
    for name, region in scan.regions.items():
        write_mesh(folder / f"{name}.obj", region.vertices, region.triangles)
    (root / KEYPOINTS).mkdir(parents=True, exist_ok=True)
    write_mesh(root / KEYPOINTS / f"{number}.obj", scan.keypoints, np.empty((0, 3), np.int32))


def write_scales(root: Path, scales: Array) -> None:
    np.savetxt(root / SCALES, scales)
