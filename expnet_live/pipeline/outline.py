"""The box around a face, computed from its pose and coefficients."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from expnet_live.core.types import Array, Box
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.heads.head import Head
from expnet_live.heads.transfer import Driver


class MeasuredHead(Head, Driver, Protocol):
    """A head driven by a network's coefficients, whose position in the picture is needed for each frame."""

    @property
    def outline(self) -> tuple[Array, Array]:
        """A few points that enclose the whole face: mean (n, 3) mm and basis (E + K, 3n)."""
        ...

    def face_mesh(
        self, expression: Array, identity: Array | None = None, blendshapes: Array | None = None
    ) -> tuple[Array, Array]:
        """Vertices in mm and unit normals of the face alone; `blendshapes` as in Head."""
        ...


class Outline:
    """The outline of a face model in a picture."""

    def __init__(self, model: MeasuredHead) -> None:
        self._mean, self._basis = model.outline

    def box(self, expression: Array, identity: Array, view: WeakPerspective) -> Box:
        """The box in pixels of the picture, beyond which it may extend."""
        moved = np.concatenate([expression, identity]) @ self._basis
        x, y, _ = view.project(self._mean + moved.reshape(-1, 3)).T
        x0, y0 = float(x.min()), float(y.min())
        return Box(x0, y0, float(x.max()) - x0, float(y.max()) - y0)
