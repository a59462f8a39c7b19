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
        self._expression = model.expression[:, points].reshape(len(model.expression), -1)
        self._identity = model.identity[:, points].reshape(len(model.identity), -1)

    def box(self, expression: Array, identity: Array, view: WeakPerspective) -> Box:
        """In pixels of the picture, beyond which it may reach."""
        points = self._mean + (expression @ self._expression + identity @ self._identity).reshape(-1, 3)
        seen = view.project(points)
        (x0, y0), (x1, y1) = seen[:, :2].min(0), seen[:, :2].max(0)
        return Box(float(x0), float(y0), float(x1 - x0), float(y1 - y0))
