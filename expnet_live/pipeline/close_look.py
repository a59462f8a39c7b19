"""Looks that average what the network says of several versions of a crop: mirrored or not, and in several sizes.

They are more accurate than a single crop, because the network's first stride of four pixels makes results depend
slightly on where edges are in its grid; and they treat both sides of a face equally. For occluded faces, two sizes beat
one. Photos get the close look, four crops, and a second look; tracked faces get a second look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from expnet_live.core.arkit import MIRROR, N_BLENDSHAPES
from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.heads.face_model import FaceModel
from expnet_live.networks.predictor import Prediction, Predictor
from expnet_live.pipeline.crop import Crop
from expnet_live.pipeline.look import FacePredictor, Look, Stopwatch
from expnet_live.pipeline.look import Prediction as PredictionProtocol

_STEP = 2  # px, half of the network's first stride


@dataclass(frozen=True)
class _Version:
    """A crop whose content is moved by so many pixels, scaled, then perhaps mirrored."""

    right: float
    down: float
    zoom: float
    mirrored: bool

    def cut(self, crop: Crop, image: Image) -> Image:
        """Its pixels (S, S, 3)."""
        middle = (crop.size - 1) / 2
        x, y = crop.inverse @ (middle - self.right / self.zoom, middle - self.down / self.zoom, 1)
        moved = Crop(float(x), float(y), crop.side / self.zoom, crop.roll, crop.size)
        pixels = moved.cut(image)
        return cv2.flip(pixels, 1) if self.mirrored else pixels


_CLOSE = (
    _Version(_STEP, _STEP, 1.08, False),
    _Version(-_STEP, _STEP, 1.08, True),
    _Version(-_STEP, -_STEP, 0.92, False),
    _Version(_STEP, -_STEP, 0.92, True),
)
_AGAIN = _Version(0, 0, 1.32, True)  # the best of some sizes: see docs/expression.md
_BOTH_AGAIN = replace(_AGAIN, mirrored=False), _AGAIN
# Standard deviation of the four answers (rad of rotation, or log scale) at which half of the confidence is lost.
_TURN_APART, _SCALE_APART = 0.065, 0.04


class CloseCrop(Crop):
    """A crop cut in four versions: (4, size, size, 3)."""

    def cut(self, image: Image) -> Image:
        return np.stack([version.cut(self, image) for version in _CLOSE])


class CloseLook:
    """A predictor that averages another one's predictions for four versions of each crop.

    A mirrored picture gets the mirrored prediction, except for rounding. It takes four times as long.
    """

    crop_type = CloseCrop

    def __init__(self, predictor: FacePredictor, model: FaceModel) -> None:
        self._predictor, self._model = predictor, model
        self.crop_size, self.device = predictor.crop_size, predictor.device
        self.tells, self.about = predictor.tells, predictor.about

    def predict(self, crops: Image) -> Prediction:
        """Predict for crops (N, 4, S, S, 3) BGR uint8 from CloseCrop; results are in the pixels of the crop itself."""
        p = self._predictor.predict(crops.reshape(-1, *crops.shape[2:]))
        p = _in_crop(p, _CLOSE * len(crops), self._model, self.crop_size)
        scale = np.log(p.scale)
        return Prediction(
            expression=_mean(p.expression),
            identity=_mean(p.identity),
            rotation=_mean(p.rotation),
            scale=np.exp(_mean(scale)),
            origin=_mean(p.origin),
            gaze=None if p.gaze is None else _mean(p.gaze),
            confidence=_mean(p.confidence) * _agreement(p.rotation, scale),
            blendshapes=None if p.blendshapes is None else _mean(p.blendshapes),
        )


class SecondLook:
    """Looks again at faces where a first look found them, closer, and averages what both say of the actions. The other
    outputs stay those of the first look.

    Tracked faces get one larger, mirrored crop, faces of photos (`both`) two, mirrored and not, so that the mirrored
    photo gets the mirrored answer.
    """

    def __init__(self, predictor: FacePredictor, *, both: bool = False) -> None:
        self._predictor, self._versions = predictor, _BOTH_AGAIN if both else (_AGAIN,)

    def __call__(self, places: Sequence[tuple[Image, Look]], watch: Stopwatch) -> list[Look]:
        """These looks at pictures with more accurate blendshapes, by one run of the network."""
        if not places:
            return []
        with watch("crop"):
            crops = self._crops([(image, look.view) for image, look in places])
        with watch("network"):
            said = self._said(crops)
        return [_with(look, again) for (_, look), again in zip(places, said, strict=True)]

    def _crops(self, places: Sequence[tuple[Image, WeakPerspective]]) -> Image:
        """The crops (N V, S, S, 3) of faces of that pose, V for each."""
        crops = [(Crop.of_view(view, self._predictor.crop_size), image) for image, view in places]
        return np.stack([version.cut(crop, image) for crop, image in crops for version in self._versions])

    def _said(self, crops: Image) -> Array:
        """What the network says of the actions (N, 52) of N faces from their `crops`."""
        said = self._actions(crops).reshape(-1, len(self._versions), N_BLENDSHAPES)
        for k, version in enumerate(self._versions):
            if version.mirrored:
                said[:, k] = said[:, k, MIRROR]
        return np.asarray(said.mean(1))

    def _actions(self, crops: Image) -> Array:
        if isinstance(self._predictor, Predictor):
            return self._predictor.actions(crops)
        said = self._predictor.predict(crops).blendshapes
        assert said is not None, "only predictors that tell blendshapes get a second look"
        return said


def _with(look: Look, again: Array) -> Look:
    """A look whose blendshapes are the mean with those of another one, unless numbers are not finite."""
    mean = (look.blendshapes + again) / 2
    return replace(look, blendshapes=mean) if bool(np.isfinite(mean).all()) else look


def _in_crop(p: PredictionProtocol, versions: Sequence[_Version], model: FaceModel, size: int) -> Prediction:
    """Predictions for versions of crops of that size, one version for each, as predictions for the crops themselves."""
    mirrored, zoom = np.array([v.mirrored for v in versions]), np.array([v.zoom for v in versions])
    steps, middle = np.array([(v.right, v.down) for v in versions]), (size - 1) / 2
    expression, identity, rotation, origin = (x.copy() for x in (p.expression, p.identity, p.rotation, p.origin))
    expression[mirrored], identity[mirrored] = model.mirrored(p.expression[mirrored], p.identity[mirrored])
    rotation[mirrored] *= np.array([1, -1, -1], np.float32)
    origin[mirrored, 0] = size - 1 - origin[mirrored, 0]
    gaze = None if p.gaze is None else p.gaze.copy()
    if gaze is not None:
        gaze[mirrored] = gaze[mirrored, ::-1] * np.array([-1, 1], np.float32)
    blendshapes = None if p.blendshapes is None else p.blendshapes.copy()
    if blendshapes is not None:
        blendshapes[mirrored] = blendshapes[mirrored][:, MIRROR]
    return Prediction(
        expression=expression,
        identity=identity,
        rotation=rotation,
        scale=p.scale / zoom,
        origin=(origin - middle - steps) / zoom[:, None] + middle,
        gaze=gaze,
        confidence=p.confidence,
        blendshapes=blendshapes,
    )


def _agreement(rotation: Array, scale: Array) -> Array:
    """How well four rotations (4 N, 3) rad and log scales (4 N,) agree for each of N faces: 1 fully, 0 not at all.

    An object may look like a face in one crop, but not like the same face in four. 95 % of the photos of people are
    above .5, but only 5 % of the false detections in pictures without people.
    """
    turns, sizes = _spread(rotation).max(1), _spread(scale)
    apart = np.square(turns / _TURN_APART) + np.square(sizes / _SCALE_APART)
    return np.asarray(1 / (1 + np.square(apart)), np.float32)


def _spread(four: Array) -> Array:
    """Standard deviation over the four predictions (4 N, ...) for each of N crops."""
    return np.asarray(four.reshape(-1, 4, *four.shape[1:]).std(1), np.float32)


def _mean(four: Array) -> Array:
    """Mean over the four predictions (4 N, ...) for each of N crops."""
    return np.asarray(four.reshape(-1, 4, *four.shape[1:]).mean(1), np.float32)
