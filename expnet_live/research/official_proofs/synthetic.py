"""A face model of the true Basel model's shapes and sizes, made of random numbers: for proofs and tests."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from expnet_live.core.types import Array
from expnet_live.official.basel_files import MODIFIED

AROUND, RINGS, CAP = 370, 127, 83  # 46,990 vertices and 93,323 triangles, as in the release


def basel(rng: np.random.Generator) -> dict[str, Array]:
    """The members of the struct BFM: an egg, 180 mm high, whose components are smooth bumps."""
    v, u = np.mgrid[:RINGS, :AROUND].reshape(2, -1)
    up, round_ = np.pi * ((v + 0.5) / RINGS - 0.5), 2 * np.pi * u / AROUND
    mean = np.stack([70 * np.cos(up) * np.sin(round_), 90 * np.sin(up), 80 * np.cos(up) * np.cos(round_)], 1)
    # A nose, by which the model is placed.
    mean[:, 2] += 25 * np.exp(-(mean[:, 0] ** 2 + mean[:, 1] ** 2) / 150) * (mean[:, 2] > 0)
    n = 3 * len(mean)

    def components(k: int) -> Array:
        coarse = rng.standard_normal((9, 13, 3 * k), np.float32)
        # In parts, because OpenCV 5 takes no more than 128 channels.
        parts = [np.ascontiguousarray(part) for part in np.split(coarse, 3, axis=2)]
        fine = [cv2.resize(part, (AROUND, RINGS), interpolation=cv2.INTER_LINEAR) for part in parts]
        basis = np.concatenate(fine, axis=2).reshape(n, k)
        return basis / np.linalg.norm(basis, axis=0)

    spread = np.sqrt(n) * np.geomspace(1.0, 0.02, 99)
    return {
        "shapeMU": mean.ravel(), "shapePC": components(99), "shapeEV": spread,
        "expMU": 0.01 * rng.standard_normal(n), "expPC": components(29), "expEV": spread[:29] / 2,
        "texMU": np.tile([180.0, 140, 120], n // 3), "texPC": components(99), "texEV": 10 * spread,
        "faces": faces() + 1,
    }  # fmt: skip


def faces() -> Array:
    """(93,323, 3), from 0: rings of quadrilaterals, and a part of the cap over the first."""
    v, u = np.mgrid[: RINGS - 1, :AROUND].reshape(2, -1)
    a, b = v * AROUND + u, v * AROUND + (u + 1) % AROUND
    sides = np.concatenate([np.stack([a, b, b + AROUND], 1), np.stack([a, b + AROUND, a + AROUND], 1)])
    i = np.arange(1, CAP + 1)
    return np.concatenate([sides, np.stack([0 * i, i + 1, i], 1)])


def save_modified(folder: Path, members: dict[str, Array]) -> Path:
    """As `BaselFaceModel_mod.mat`."""
    from scipy.io import savemat

    path = folder / MODIFIED
    columns = {k: a[:, None] if a.ndim == 1 else a for k, a in members.items()}
    savemat(path, {"BFM": {**columns, "innerLandmarkIndex": np.arange(1, 52), "outerLandmarkIndex": np.arange(1, 18)}})
    return path
