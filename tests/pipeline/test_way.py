"""The number of the way of computing goes up when the values of the same network change."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from expnet_live.capture.sources import open_source
from expnet_live.core.files import checksum
from expnet_live.core.paths import asset
from expnet_live.core.types import Array, FaceState
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.pipeline.way import WAY

KEPT = Path(__file__).parent / "data" / "way.npz"
NETWORK = "expnet.onnx"  # in single precision, which all processors compute alike
FRAMES = 40
# OpenCV 5 rounds pixels of crops in another way: a grey level in one of 40, which tracking adds up to .13 sd.
WITHIN, WITHIN_OTHER_OPENCV = 2e-3, 0.2


def values(state: FaceState) -> Array:
    assert state.blendshapes is not None and state.gaze is not None
    pose = 10 * state.pose.rotation, state.pose.translation / 100
    return np.concatenate([state.expression, state.identity, state.blendshapes, state.gaze.ravel(), *pose])


def computed() -> dict[str, Array]:
    """The values of a piece of the demo clip, frame by frame, and of one of its pictures as a photo."""
    pipeline = Pipeline.load(asset(NETWORK), device="cpu")
    with open_source("demo") as source:
        frames = list(islice(source, FRAMES))
    video = [values(pipeline.process(frame)[0]) for frame in frames]
    return {"video": np.array(video[::8]), "photo": values(pipeline.photo(frames[-1].image)[0])}


def made_of() -> str:
    """What they depend on: the way of computing, the network and the face model."""
    return json.dumps([WAY, *(checksum(asset(name)) for name in (NETWORK, "face_model.npz"))])


def test_the_same_way_gives_the_same_values() -> None:
    with np.load(KEPT, allow_pickle=False) as kept:
        if str(kept["made_of"]) != made_of():
            pytest.fail("Another way, network or face model: run this file with python to keep its values.")
        for name, new in computed().items():
            change = float(np.abs(new - kept[name]).max())
            within = WITHIN if str(kept["opencv"]) == cv2.__version__ else WITHIN_OTHER_OPENCV
            assert change < within, f"{name} has changed by {change:.3g}: raise WAY in expnet_live/pipeline/way.py"


if __name__ == "__main__":
    KEPT.parent.mkdir(exist_ok=True)
    np.savez_compressed(
        KEPT,
        made_of=np.array(made_of()),
        opencv=np.array(cv2.__version__),
        **{n: v.astype(np.float32) for n, v in computed().items()},
    )
