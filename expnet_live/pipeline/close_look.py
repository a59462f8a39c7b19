"""The close look averages four crops: a face and its mirror image, larger to one side and smaller to the other.

It is more accurate than a single crop, because the network's first stride of four pixels makes results depend slightly
on where edges are in its grid; and it treats both sides of a face equally. For occluded faces, two sizes beat one.
"""

from __future__ import annotations

import numpy as np

from expnet_live.core.arkit import MIRROR
from expnet_live.core.types import Array, Image
from expnet_live.heads.face_model import FaceModel
from expnet_live.networks.predictor import Prediction
from expnet_live.pipeline.crop import Crop
from expnet_live.pipeline.look import FacePredictor

_STEP = 2  # px, half of the network's first stride
# The variation of each of the four crops: px right and down, scale factor, then whether it is mirrored.
_LOOKS = (
    (_STEP, _STEP, 1.08, False),
    (-_STEP, _STEP, 1.08, True),
    (-_STEP, -_STEP, 0.92, False),
    (_STEP, -_STEP, 0.92, True),
)
# Standard deviation of the four answers (rad of rotation, or log scale) at which half of the confidence is lost.
_TURN_APART, _SCALE_APART = 0.065, 0.04
_STEPS = np.array([look[:2] for look in _LOOKS])
_ZOOM, _MIRRORED = (np.array([look[k] for look in _LOOKS]) for k in (2, 3))


class CloseCrop(Crop):
    """A crop cut in four versions: (4, size, size, 3)."""

    def cut(self, image: Image) -> Image:
        return np.stack([self._moved(*look[:3]).cut(image)[:, :: -1 if look[3] else 1] for look in _LOOKS])

    def _moved(self, right: float, down: float, zoom: float) -> Crop:
        """The crop whose content is moved right and down by that many of its pixels, and scaled."""
        middle = (self.size - 1) / 2
        x, y = self.inverse @ (middle - right / zoom, middle - down / zoom, 1)
        return Crop(float(x), float(y), self.side / zoom, self.roll, self.size)


class CloseLook:
    """A predictor that averages another one's predictions for the four versions of each crop.

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
        mirrored, zoom = np.tile(_MIRRORED, len(crops)), np.tile(_ZOOM, len(crops))
        expression, identity, rotation, origin = (x.copy() for x in (p.expression, p.identity, p.rotation, p.origin))
        expression[mirrored], identity[mirrored] = self._model.mirrored(p.expression[mirrored], p.identity[mirrored])
        rotation[mirrored] *= np.array([1, -1, -1], np.float32)
        origin[mirrored, 0] = self.crop_size - 1 - origin[mirrored, 0]
        middle = (self.crop_size - 1) / 2
        origin = (origin - middle - np.tile(_STEPS, (len(crops), 1))) / zoom[:, None] + middle
        scale = np.log(p.scale / zoom)
        gaze = None if p.gaze is None else p.gaze.copy()
        if gaze is not None:
            gaze[mirrored] = gaze[mirrored, ::-1] * np.array([-1, 1], np.float32)
        blendshapes = None if p.blendshapes is None else p.blendshapes.copy()
        if blendshapes is not None:
            blendshapes[mirrored] = blendshapes[mirrored][:, MIRROR]
        return Prediction(
            expression=_mean(expression),
            identity=_mean(identity),
            rotation=_mean(rotation),
            scale=np.exp(_mean(scale)),
            origin=_mean(origin),
            gaze=None if gaze is None else _mean(gaze),
            confidence=_mean(p.confidence) * _agreement(rotation, scale),
            blendshapes=None if blendshapes is None else _mean(blendshapes),
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
