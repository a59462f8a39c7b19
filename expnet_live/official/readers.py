"""The readers of a list's faces: the release's networks, or ours if those are missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from expnet_live.core.types import Array, Box, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.heads.face_model import FaceModel
from expnet_live.networks.predictor import Predictor
from expnet_live.official.basel import BaselModel
from expnet_live.official.crop import ABOVE_MM, SIDE_MM, OfficialCrop
from expnet_live.official.networks import OfficialNetworks
from expnet_live.official.pose import as_released, from_view
from expnet_live.official.store import Store
from expnet_live.pipeline.crop import CROP_MM, Crop


@dataclass(frozen=True, eq=False)
class Meshes:
    """A face as the release writes it: vertices (V, 3) in mm of the `shape`, of the shape with `expression`, and of
    both in their `pose`; RGB colours (V, 3) uint8."""

    shape: Array
    expression: Array
    pose: Array
    colors: Array


class Reader(Protocol):
    """`name` is the model's name; `triangles` (F, 3) are those of all meshes."""

    @property
    def name(self) -> str: ...

    @property
    def triangles(self) -> Array: ...

    def read(self, image: Image, box: Box) -> Meshes: ...


class OfficialReader:
    """Does exactly the same as the release's own program."""

    name = "the official release (ExpNet, ShapeNet, FacePoseNet, Basel Face Model)"

    def __init__(self, networks: OfficialNetworks, model: BaselModel) -> None:
        self._networks, self._model = networks, model

    @property
    def triangles(self) -> Array:
        return self._model.released_triangles

    def read(self, image: Image, box: Box) -> Meshes:
        found = self._networks(OfficialCrop.of_box(box).cut(image)[None])
        identity, expression = found.identity[0], found.expression[0]
        whole = self._model.shape_and_expression(identity, expression)
        return Meshes(
            self._model.shape_only(identity),
            whole,
            as_released(whole, found.pose[0]),
            self._model.colors_of(found.texture[0]),
        )


class OwnReader:
    """The built-in network, run twice on the face in the box, and our face model; axes and pose as in the release."""

    name = "the built-in model"

    def __init__(self, predictor: Predictor, model: FaceModel) -> None:
        self._predictor, self._model = predictor, model

    @property
    def triangles(self) -> Array:
        return self._model.triangles

    def read(self, image: Image, box: Box) -> Meshes:
        theirs = OfficialCrop.of_box(box)
        scale = theirs.side / SIDE_MM
        crop = Crop(theirs.x, theirs.y + ABOVE_MM * scale, CROP_MM * scale, 0.0, self._predictor.crop_size)
        for _ in range(2):
            p = self._predictor.predict(crop.cut(image)[None])
            view = crop.to_image(WeakPerspective(p.rotation[0], float(p.scale[0]), *(float(v) for v in p.origin[0])))
            crop = Crop.of_view(view, self._predictor.crop_size)
        identity, expression = p.identity[0], p.expression[0]
        still = np.zeros_like(expression)
        whole = self._model.vertices(expression, identity)
        pose = from_view(view.transformed(theirs.matrix))
        return Meshes(
            self._model.vertices(still, identity), whole, as_released(whole, pose), np.asarray(self._model.colors)
        )


def load_reader(model: str | None, device: str) -> Reader:
    """`model`: official, built-in, or None for official if it is imported. Raises UserError."""
    if model == "official" or (model is None and not Store().missing()):
        return OfficialReader(OfficialNetworks.load(device), BaselModel.load())
    return OwnReader(Predictor.load(device=device), FaceModel.load())
