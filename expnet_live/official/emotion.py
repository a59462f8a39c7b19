"""The release's 29 coefficients as a description of a face, for the emotion test."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np

from expnet_live.core.types import Array, Image
from expnet_live.official.crop import SIZE, OfficialCrop
from expnet_live.official.networks import OfficialNetworks
from expnet_live.pipeline.detection import Detection

_BATCH = 16


class OfficialFeature:
    def __init__(self, networks: OfficialNetworks) -> None:
        self._networks = networks

    def __call__(self, images: Sequence[Image], faces: Sequence[Detection]) -> tuple[Array, Array]:
        """Rows (N, 29) of photos with their faces, and (N,) bool, all true: it always gives a result."""
        crops = [OfficialCrop.of_detection(f, SIZE).cut(x) for x, f in zip(images, faces, strict=True)]
        rows = [self._networks(np.stack(crops[i : i + _BATCH])).expression for i in range(0, len(crops), _BATCH)]
        return np.concatenate(rows), np.ones(len(crops), bool)


def official_feature(args: argparse.Namespace) -> OfficialFeature:
    """Create it. Raises UserError if the release is not imported."""
    return OfficialFeature(OfficialNetworks.load(args.device))
