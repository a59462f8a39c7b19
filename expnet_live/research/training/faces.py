"""The faces that a face model is learned from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from expnet_live.core.types import Array
from expnet_live.research.training.landmarks import LandmarkSet
from expnet_live.research.training.split import Split


@dataclass(frozen=True)
class LearnConfig:
    n_identity: int = 50
    outer_rounds: int = 2
    em_rounds: int = 8
    noise: float = 0.3  # mm per coordinate
    ridge: float = 20.0
    orthogonality: float = 0.6
    anchor: float = 0.1
    locality: float = 0.03
    span: float = 0.973  # share of the variation within training people that the components explain
    max_spread: float = 5.0  # per cent of the outer-eye distance


@dataclass(frozen=True, eq=False)
class Faces:
    """Faces for training where `train` (N,), for testing elsewhere.

    `raw` (N, 478, 3) pixels, y up, z to the viewer; `scores` (N, 52); `neutral` (N,) by their label.
    """

    raw: Array
    scores: Array
    subject: Array
    neutral: Array
    train: Array

    def __len__(self) -> int:
        return len(self.raw)


def select_faces(
    landmarks: LandmarkSet, subject: Array, emotion: Array, split: Split, config: LearnConfig
) -> tuple[Faces, Array]:
    """Faces with reliable landmarks (all looks agree, upright, big enough), and their indices (N,)."""
    xyz = landmarks.landmarks
    eyes = xyz[:, 263, :2] - xyz[:, 33, :2]
    width = np.linalg.norm(eyes, axis=1)
    with np.errstate(invalid="ignore"):
        roll = np.arctan2(-eyes[:, 1], eyes[:, 0])
        good = (landmarks.spread < config.max_spread) & (np.abs(roll) < 0.8) & (width > 24)
    good &= np.isfinite(landmarks.scores[:, 0])
    keep = np.flatnonzero(good)
    faces = Faces(
        raw=xyz[keep] * np.array([1, -1, -1], np.float32),
        scores=landmarks.scores[keep],
        subject=subject[keep],
        neutral=emotion[keep] == "neutral",
        train=split.train[keep],
    )
    return faces, keep
