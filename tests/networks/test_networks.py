"""Networks: Caffe's topology, weights on disk, prediction."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import save_file

from expnet_live.core.errors import UserError
from expnet_live.networks.architecture import (
    RESNET101,
    ExpNetConfig,
    ResNetConfig,
    block_names,
    compact,
    official,
    parameter_shapes,
    resnet101,
)
from expnet_live.networks.checkpoint import Weights, load_weights, save_weights
from expnet_live.networks.expnet import ExpNet
from expnet_live.networks.predictor import Predictor
from expnet_live.networks.resnet import ResNet
from expnet_live.networks.runtime import pick_device


def test_resnet101_is_caffes() -> None:
    names = [b for s, c in enumerate(RESNET101.blocks, 2) for b in block_names(s, c)]
    assert names[:5] == ["2a", "2b", "2c", "3a", "3b1"]
    assert names[7] == "4a" and names[29] == "4b22" and names[-3:] == ["5a", "5b", "5c"]
    net = ResNet(RESNET101)
    layers = {c: conv for c, _, conv, _ in net.caffe_names()}
    assert len(layers) == 1 + 3 * 33 + 4
    assert layers["res3a_branch2a"].stride == (2, 2) and layers["res3a_branch2b"].stride == (1, 1)
    assert layers["res3a_branch1"].stride == (2, 2)
    assert all(c.bias is None for c in layers.values())
    features = net.eval()(torch.zeros(1, 3, 224, 224))
    assert features.shape == (1, 2048, 7, 7)


def test_official_network_has_one_layer_2048_to_29() -> None:
    net = ExpNet(official())
    assert (net.fc.in_features, net.fc.out_features) == (2048, 29)
    assert resnet101(50).outputs["expression"] == 29


@pytest.mark.parametrize("config", [compact(20), resnet101(7)])
def test_shapes_are_those_of_torch(config: ExpNetConfig) -> None:
    state = ExpNet(config).state_dict()
    assert parameter_shapes(config) == {
        k: tuple(v.shape) for k, v in state.items() if not k.endswith("num_batches_tracked")
    }


def test_weights_survive_the_disk(tmp_path: Path) -> None:
    net = ExpNet(compact(50)).eval()
    path = tmp_path / "net.safetensors"
    save_weights(net, path, {"note": "x"})
    again, about = load_weights(path)
    x = torch.rand(2, 3, 112, 112) * 255
    assert about == {"note": "x"} and again.config == net.config
    with torch.inference_mode():
        assert torch.equal(net(x), again(x))


@pytest.mark.parametrize("content", [b"", b"<html></html>", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "])
def test_no_weights(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"weights"):
        load_weights(path)


def test_cut_weights(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    save_weights(ExpNet(compact(50)), path)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(UserError, match="cannot be read"):
        load_weights(path)


@pytest.mark.parametrize("damage", [{"about": "{"}, {"about": "[1]"}, {"config": "[]"}, {"config": '{"outputs": [1]}'}])
def test_damaged_notes(damage: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    save_weights(ExpNet(compact(50)), path)
    with safe_open(path, "np") as f:
        notes, tensors = f.metadata(), {name: f.get_tensor(name) for name in f.keys()}  # noqa: SIM118
    if damage.get("config", "[]") != "[]":
        damage = {"config": json.dumps({**json.loads(notes["config"]), **json.loads(damage["config"])})}
    save_file(tensors, path, {**notes, **damage})
    with pytest.raises(UserError, match="is damaged or has another version"):
        load_weights(path)


def test_devices() -> None:
    assert pick_device("cpu") == "cpu"
    with pytest.raises(UserError, match="choose one of"):
        pick_device("tpu")
    if not torch.cuda.is_available():
        with pytest.raises(UserError, match="no CUDA device"):
            pick_device("cuda")


def test_prediction_agrees_with_the_plain_network() -> None:
    torch.manual_seed(0)
    net = ExpNet(compact(50)).eval()
    crops = np.random.default_rng(0).integers(0, 256, (3, 112, 112, 3), np.uint8)
    said = Predictor(Weights.of(net), "cpu").predict(crops)
    with torch.inference_mode():
        plain = net.split(net(torch.from_numpy(crops).permute(0, 3, 1, 2).float()))
    assert said.expression.shape == (3, 29) and said.identity.shape == (3, 50) and said.gaze is not None
    assert said.gaze.shape == (3, 2, 2)
    assert np.abs(said.expression - plain["expression"].numpy()).max() < 0.05
    assert ((said.confidence > 0) & (said.confidence < 1)).all()


def test_small_networks_are_of_the_same_family() -> None:
    net = ResNet(ResNetConfig((2, 2, 2, 2), 32, bottleneck=False)).eval()
    assert net(torch.zeros(1, 3, 128, 128)).shape == (1, 256, 4, 4)


def test_blendshapes_are_within_their_range(tmp_path: Path) -> None:
    net = ExpNet(compact(50)).eval()
    save_weights(net, tmp_path / "net.safetensors")
    crops = np.random.default_rng(0).integers(0, 256, (3, 112, 112, 3), np.uint8)
    said = Predictor.load(tmp_path / "net.safetensors", "cpu").predict(crops).blendshapes
    assert said is not None and said.shape == (3, 52)
    assert said.min() >= 0 and said.max() <= 1


def test_older_networks_have_no_blendshapes(tmp_path: Path) -> None:
    config = compact(50)
    older = replace(config, outputs={k: n for k, n in config.outputs.items() if k != "blendshapes"})
    save_weights(ExpNet(older).eval(), tmp_path / "net.safetensors")
    assert (
        Predictor.load(tmp_path / "net.safetensors", "cpu").predict(np.zeros((1, 112, 112, 3), np.uint8)).blendshapes
        is None
    )
