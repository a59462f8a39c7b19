"""Looks that average what the network says of several versions of a crop: mirrored or not, and in several sizes.

They are more accurate than a single crop, because the network's first stride of four pixels makes results depend
slightly on where edges are in its grid; and they treat both sides of a face equally. For occluded faces, two sizes beat
one. Photos get the close look, four crops; tracked faces get two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from expnet_live.core.arkit import MIRROR
from expnet_live.core.types import Array, Image
from expnet_live.heads.face_model import FaceModel
from expnet_live.networks.predictor import Prediction
from expnet_live.pipeline.crop import Crop
from expnet_live.pipeline.look import FacePredictor
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
        return moved.cut(image)[:, :: -1 if self.mirrored else 1]


_CLOSE = (
    _Version(_STEP, _STEP, 1.08, False),
    _Version(-_STEP, _STEP, 1.08, True),
    _Version(-_STEP, -_STEP, 0.92, False),
    _Version(_STEP, -_STEP, 0.92, True),
)
_SAME = _Version(0, 0, 1, False)
_AGAIN = _Version(0, 0, 1.16, True)  # the best of 30 beside the crop itself: see docs/expression.md
# Standard deviation of the four answers (rad of rotation, or log scale) at which half of the confidence is lost.
_TURN_APART, _SCALE_APART = 0.065, 0.04


class CloseCrop(Crop):
    """A crop cut in four versions: (4, size, size, 3)."""

    def cut(self, image: Image) -> Image:
        return np.stack([version.cut(self, image) for version in _CLOSE])


class _Several:
    """A predictor that averages another one's predictions for several versions of each crop."""

    def __init__(self, predictor: FacePredictor, model: FaceModel) -> None:
        self._predictor, self._model = predictor, model
        self.crop_size, self.device = predictor.crop_size, predictor.device
        self.tells, self.about = predictor.tells, predictor.about

    def _in_crop(self, crops: Image, versions: tuple[_Version, ...]) -> Prediction:
        """Predictions for each version of crops (N, V, S, S, 3), as predictions for the crops themselves (N V, ...)."""
        p = self._predictor.predict(crops.reshape(-1, *crops.shape[2:]))
        return _in_crop(p, versions * len(crops), self._model, self.crop_size)


class CloseLook(_Several):
    """Averages the predictions for four versions.

    A mirrored picture gets the mirrored prediction, except for rounding. It takes four times as long.
    """

    crop_type = CloseCrop

    def predict(self, crops: Image) -> Prediction:
        """Predict for crops (N, 4, S, S, 3) BGR uint8 from CloseCrop; results are in the pixels of the crop itself."""
        p = self._in_crop(crops, _CLOSE)
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


class TwoCrops(Crop):
    """A crop cut as it is, then larger and mirrored: (2, size, size, 3)."""

    def cut(self, image: Image) -> Image:
        return np.stack([super().cut(image), _AGAIN.cut(self, image)])


class TwoLooks(_Several):
    """Averages what is said of the expression in two versions. Pose, identity and confidence are those of the first."""

    crop_type = TwoCrops

    def predict(self, crops: Image) -> Prediction:
        """Predict for crops (N, 2, S, S, 3) BGR uint8 from TwoCrops; results are in the pixels of the crop itself."""
        p = self._in_crop(crops, (_SAME, _AGAIN))
        return Prediction(
            expression=_mean(p.expression, 2),
            identity=p.identity[::2],
            rotation=p.rotation[::2],
            scale=p.scale[::2],
            origin=p.origin[::2],
            gaze=None if p.gaze is None else _mean(p.gaze, 2),
            confidence=p.confidence[::2],
            blendshapes=None if p.blendshapes is None else _mean(p.blendshapes, 2),
        )


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


def _mean(predictions: Array, versions: int = 4) -> Array:
    """Mean over the predictions (V N, ...) of so many versions for each of N crops."""
    return np.asarray(predictions.reshape(-1, versions, *predictions.shape[1:]).mean(1), np.float32)
