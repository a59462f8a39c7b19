"""The box around a face as its pose and coefficients put it."""

from __future__ import annotations

import numpy as np

from expnet_live.face_model.model import FaceModel
from expnet_live.face_model.topology import NOSE_TIP, topology_of_triangles
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.types import Array, Box


class Outline:
    """The oval of the face model and the tip of its nose: few points, and one of them is always outermost."""

    def __init__(self, model: FaceModel) -> None:
        points = np.append(topology_of_triangles(model.base_triangles).oval, NOSE_TIP)
        self._mean = model.mean[points]
        basis = np.concatenate([model.expression[:, points], model.identity[:, points]])
        self._basis = basis.reshape(len(basis), -1)

    def box(self, expression: Array, identity: Array, view: WeakPerspective) -> Box:
        """In pixels of the picture, beyond which it may reach."""
        moved = np.concatenate([expression, identity]) @ self._basis
        x, y, _ = view.project(self._mean + moved.reshape(-1, 3)).T
        x0, y0 = float(x.min()), float(y.min())
        return Box(x0, y0, float(x.max()) - x0, float(y.max()) - y0)
