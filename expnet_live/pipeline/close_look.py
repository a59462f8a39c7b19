"""Looking closely: at a crop and its mirror image, either a little to one side and to the other.

More exact than one look, as the network's first stride of four pixels tells a little by where edges lie in its grid,
and fair to both sides of a face.
"""

from __future__ import annotations

import numpy as np

from expnet_live.face_model.model import FaceModel
from expnet_live.networks.predictor import Prediction
from expnet_live.pipeline.look import FacePredictor
from expnet_live.types import Array, Image

_STEP = 2  # px, half of the network's first stride


class CloseLook:
    """A predictor that says the mean of four answers of another one to each crop.

    A mirrored crop gets the mirrored answer, exactly but for rounding. It takes four times the time.
    """

    def __init__(self, predictor: FacePredictor, model: FaceModel) -> None:
        self._predictor, self._model = predictor, model
        self.crop_size = predictor.crop_size

    def predict(self, crops: Image) -> Prediction:
        """Crops (N, S, S, 3) BGR uint8."""
        both = np.concatenate([crops, crops[:, :, ::-1]])
        p = self._predictor.predict(np.concatenate([_moved(both, _STEP), _moved(both, -_STEP)]))
        n, origin = len(crops), p.origin.copy()
        origin[: 2 * n] -= _STEP
        origin[2 * n :] += _STEP
        mirrored = np.arange(4 * n) // n % 2 == 1
        expression, identity, rotation = p.expression.copy(), p.identity.copy(), p.rotation.copy()
        expression[mirrored], identity[mirrored] = self._model.mirrored(p.expression[mirrored], p.identity[mirrored])
        rotation[mirrored] *= np.array([1, -1, -1], np.float32)
        origin[mirrored, 0] = self.crop_size - 1 - origin[mirrored, 0]
        gaze = None if p.gaze is None else p.gaze.copy()
        if gaze is not None:
            gaze[mirrored] = gaze[mirrored, ::-1] * np.array([-1, 1], np.float32)
        return Prediction(
            expression=_mean(expression),
            identity=_mean(identity),
            rotation=_mean(rotation),
            scale=np.exp(_mean(np.log(p.scale))),
            origin=_mean(origin),
            gaze=None if gaze is None else _mean(gaze),
            confidence=_mean(p.confidence),
        )


def _moved(crops: Image, step: int) -> Image:
    """What is in crops (N, S, S, 3), so many pixels further right and down; the edge is drawn out."""
    size, room = crops.shape[1], abs(step)
    wide = np.pad(crops, ((0, 0), (room, room), (room, room), (0, 0)), mode="edge")
    first = room - step
    return wide[:, first : first + size, first : first + size]


def _mean(four: Array) -> Array:
    """Over the four answers (4 N, ...) to each of N crops."""
    return np.asarray(four.reshape(4, -1, *four.shape[1:]).mean(0), np.float32)
