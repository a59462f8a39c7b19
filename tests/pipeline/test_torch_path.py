"""The way of a frame on GPUs, here on the CPU's tensors: finder and network both run in torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from skimage import data

from expnet_live.core.paths import asset
from expnet_live.core.types import Array, FaceState, Frame, Image
from expnet_live.heads.built_in import face_model
from expnet_live.networks.checkpoint import Weights
from expnet_live.networks.predictor import ASSET, Predictor
from expnet_live.networks.runtime import TorchNet
from expnet_live.networks.runtime_files import RuntimeFile
from expnet_live.networks.torch_graph import TorchGraph
from expnet_live.pipeline import finder
from expnet_live.pipeline.finder import Finder
from expnet_live.pipeline.pipeline import Pipeline

DEVICE = "cpu:0"  # torch's name of the CPU; "cpu" stands for ONNX Runtime


class Counted:
    """A network that remembers how many crops were in each batch."""

    def __init__(self, net: TorchNet) -> None:
        self._net = net
        self.batches: list[int] = []

    def __call__(self, crops: Image) -> Array:
        self.batches.append(len(crops))
        return self._net(crops)

    def actions(self, crops: Image) -> Array:
        self.batches.append(len(crops))
        return self._net.actions(crops)


@pytest.fixture(scope="module")
def two_people() -> Image:
    """A picture (512, 1024, 3) with the same face twice."""
    astronaut = np.ascontiguousarray(data.astronaut()[..., ::-1])
    return np.ascontiguousarray(np.hstack([astronaut, astronaut[:, ::-1]]))


def states(pipeline: Pipeline, picture: Image, frames: int) -> list[FaceState]:
    """The faces in the last one of some equal frames, from left to right."""
    for i in range(frames):
        found = pipeline.process(Frame(picture, i / 30, i))
    return sorted(found, key=lambda s: s.box.x)


def test_the_finders_maps_are_those_of_onnx_runtime(two_people: Image) -> None:
    import onnxruntime

    pictures = np.stack([two_people[:256, :512], two_people[256:, 512:]])
    session: Any = onnxruntime.InferenceSession(str(asset(finder.ASSET)), providers=["CPUExecutionProvider"])
    expected = session.run(None, {"pictures": pictures.astype(np.float32)})[0]
    maps = TorchGraph(asset(finder.ASSET), DEVICE)(pictures)
    assert maps.shape == expected.shape and maps.dtype == np.float32
    assert np.abs(maps - expected).max() < 1e-3


def test_faces_of_a_frame_are_one_batch_and_get_the_same_values(two_people: Image) -> None:
    weights = Weights.read(asset(ASSET))
    net = Counted(TorchNet(weights, DEVICE))
    predictor = Predictor(RuntimeFile(weights.config, weights.about, net, asset(ASSET)), "cpu")  # type: ignore[arg-type]
    in_torch = Pipeline(predictor, face_model(), max_faces=2, detector=Finder(many=True, device=DEVICE))
    on_cpu = Pipeline(
        Predictor.load(asset("expnet.onnx"), "cpu"), face_model(), max_faces=2, detector=Finder(many=True)
    )

    left, right = states(in_torch, two_people, 3)
    before = len(net.batches)
    in_torch.process(Frame(two_people, 3 / 30, 3))
    assert net.batches[before:] == [2, 2]  # a tracked frame: a run for each look at both faces, without the finder
    for state, same in zip((left, right), states(on_cpu, two_people, 3), strict=True):
        assert np.abs(state.expression - same.expression).max() < 0.02
        assert np.abs(state.pose.rotation - same.pose.rotation).max() < 2e-3
        assert state.box.x == pytest.approx(same.box.x, abs=0.5)
