"""The release's networks in the pipeline: a FacePredictor that uses the release's own crops."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from expnet_live.core.types import Array, Image
from expnet_live.networks.predictor import Prediction, Predictor
from expnet_live.official.basel import BaselModel
from expnet_live.official.crop import ABOVE_MM, SIDE_MM, SIZE, OfficialCrop
from expnet_live.official.networks import OfficialNetworks
from expnet_live.official.pose import view
from expnet_live.pipeline.crop import CROP_MM


class OfficialPredictor:
    """Coefficients and pose come from the release. It does not predict whether there is a face, so the built-in network
    decides this from the middle of the same crop."""

    crop_size = SIZE
    crop_type = OfficialCrop
    tells = frozenset({"identity"})

    def __init__(self, networks: OfficialNetworks, judge: Predictor, middle: Array, origin: Array) -> None:
        """The weak perspective is exact at `middle` (3,) of the Basel model; `origin` (3,) is its origin."""
        self.device = str(networks.device)
        self.about: dict[str, Any] = {}
        self._networks, self._judge = networks, judge
        self._middle, self._origin = middle, origin

    def predict(self, crops: Image) -> Prediction:
        """Crops (N, 227, 227, 3) BGR uint8."""
        found = self._networks(crops)
        views = [view(pose, self._middle, self._origin) for pose in found.pose]
        return Prediction(
            expression=found.expression,
            identity=found.identity,
            rotation=np.stack([v.rotation for v in views]),
            scale=np.array([v.scale for v in views], np.float32),
            origin=np.array([(v.x, v.y) for v in views], np.float32),
            gaze=None,
            confidence=self._judge.predict(np.stack([self._middle_of(c) for c in crops])).confidence,
        )

    def _middle_of(self, crop: Image) -> Image:
        """The built-in network's crop of a face in the release's framing."""
        side = SIZE * CROP_MM / SIDE_MM
        x0, y0 = round((SIZE - side) / 2), round((SIZE - side) / 2 + ABOVE_MM * SIZE / SIDE_MM)
        part = crop[y0 : y0 + round(side), x0 : x0 + round(side)]
        result: Image = cv2.resize(part, (self._judge.crop_size,) * 2, interpolation=cv2.INTER_AREA)
        return result


def load_official(device: str = "auto", threads: int | None = None) -> tuple[OfficialPredictor, BaselModel]:
    """Predictor and face model. Raises UserError if a part is not imported."""
    model = BaselModel.load()
    networks = OfficialNetworks.load(device, threads)
    return OfficialPredictor(networks, Predictor.load(None, device, threads), model.middle, model.origin), model
