"""Looking at a crop and at its mirror image: more exact than one look, and fair to both sides of a face."""

from __future__ import annotations

import numpy as np

from expnet_live.face_model.model import FaceModel
from expnet_live.networks.predictor import Prediction
from expnet_live.pipeline.look import FacePredictor
from expnet_live.types import Array, Image


class BothWays:
    """A predictor that says the mean of what another says of each crop and of its mirror image.

    A mirrored crop gets the mirrored answer, exactly but for rounding. It takes twice the time.
    """

    def __init__(self, predictor: FacePredictor, model: FaceModel) -> None:
        self._predictor, self._model = predictor, model
        self.crop_size = predictor.crop_size

    def predict(self, crops: Image) -> Prediction:
        """Crops (N, S, S, 3) BGR uint8."""
        n = len(crops)
        p = self._predictor.predict(np.concatenate([crops, crops[:, :, ::-1]]))
        expression, identity = self._model.mirrored(p.expression[n:], p.identity[n:])
        rotation = p.rotation[n:] * np.array([1, -1, -1], np.float32)
        origin = np.stack([self.crop_size - 1 - p.origin[n:, 0], p.origin[n:, 1]], 1)
        gaze = None if p.gaze is None else (p.gaze[:n] + p.gaze[n:, ::-1] * np.array([-1, 1], np.float32)) / 2
        return Prediction(
            expression=_mean(p.expression[:n], expression),
            identity=_mean(p.identity[:n], identity),
            rotation=_mean(p.rotation[:n], rotation),
            scale=np.sqrt(p.scale[:n] * p.scale[n:]),
            origin=_mean(p.origin[:n], origin),
            gaze=gaze,
            confidence=_mean(p.confidence[:n], p.confidence[n:]),
        )


def _mean(a: Array, b: Array) -> Array:
    return np.asarray((a + b) / 2, np.float32)
