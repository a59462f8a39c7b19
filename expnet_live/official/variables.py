"""The official names and shapes of all variables, and their conversion to torch tensors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from expnet_live.core.types import Array
from expnet_live.networks.architecture import RESNET101, ExpNetConfig, official
from expnet_live.networks.expnet import ExpNet
from expnet_live.official.basel import N_SHAPE, N_TEXTURE
from expnet_live.official.posenet import CONVS, LINEARS, FacePoseNet

SCOPES = {"expression": "exprCNN", "shape": "shapeCNN"}
POSE_SCOPE = "Spatial_Transformer/ST2"
MEAN_SHAPE = (3, 224, 224)

EXPRESSION = official()
SHAPE = ExpNetConfig(RESNET101, 224, pooled=True, outputs={"identity": N_SHAPE, "texture": N_TEXTURE})


def empty(kind: str) -> nn.Module:
    """A network of the release by its part's key, without memory for weights."""
    with torch.device("meta"):
        if kind == "pose":
            return FacePoseNet()
        net = ExpNet(EXPRESSION if kind == "expression" else SHAPE)
        net.pixel_mean = torch.empty(MEAN_SHAPE)
        net.pixel_spread = torch.empty(())
        return net


# --- ExpNet and ShapeNet ------------------------------------------------------------------------


def resnet_shapes(kind: str) -> dict[str, tuple[int, ...]]:
    """Variables of the expression or the shape network."""
    net, scope = empty(kind), SCOPES[kind]
    assert isinstance(net, ExpNet)
    shapes: dict[str, tuple[int, ...]] = {}
    for layer, bn, conv, _ in net.backbone.caffe_names():
        n_out, n_in, h, w = conv.weight.shape
        shapes[f"{scope}/{layer}/weights"] = (h, w, n_in, n_out)
        shapes |= {f"{scope}/{bn}/{name}": (n_out,) for name in ("scale", "offset", "mean", "variance")}
    shapes[f"{scope}/{scope}_fc1/weights"] = (net.fc.in_features, net.fc.out_features)
    shapes[f"{scope}/{scope}_fc1/biases"] = (net.fc.out_features,)
    return shapes


def resnet(kind: str, variables: Mapping[str, Array], mean: Array) -> ExpNet:
    """The network with those variables; the mean image (3, 224, 224) is subtracted from its input."""
    net, scope = empty(kind), SCOPES[kind]
    assert isinstance(net, ExpNet)
    state: dict[str, torch.Tensor] = {}
    names = {id(module): name for name, module in net.named_modules()}
    for layer, bn, conv, norm in net.backbone.caffe_names():
        state[f"{names[id(conv)]}.weight"] = _conv(variables[f"{scope}/{layer}/weights"])
        for ours, theirs in (
            ("weight", "scale"), ("bias", "offset"), ("running_mean", "mean"), ("running_var", "variance"),
        ):  # fmt: skip
            state[f"{names[id(norm)]}.{ours}"] = _tensor(variables[f"{scope}/{bn}/{theirs}"])
    state["fc.weight"] = _tensor(variables[f"{scope}/{scope}_fc1/weights"].T)
    state["fc.bias"] = _tensor(variables[f"{scope}/{scope}_fc1/biases"])
    n = net.fc.out_features
    state |= {"pixel_mean": _tensor(mean), "pixel_spread": torch.tensor(1.0)}
    state |= {"offset": torch.zeros(n), "spread": torch.ones(n)}
    net.load_state_dict(state, assign=True)
    return net.eval()


# --- FacePoseNet --------------------------------------------------------------------------------


def pose_shapes() -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for name, (n_in, n_out, kernel, _, groups) in CONVS.items():
        shapes[f"{POSE_SCOPE}/{name}/W"] = (kernel, kernel, n_in // groups, n_out)
        shapes[f"{POSE_SCOPE}/{name}/baises"] = (n_out,)
    for name, (n_in, n_out) in LINEARS.items():
        shapes[f"{POSE_SCOPE}/{name}/W"] = (n_in, n_out)
        shapes[f"{POSE_SCOPE}/{name}/baises"] = (n_out,)
    return shapes


def pose_net(variables: Mapping[str, Array], pixel_mean: Array, offset: Array, spread: Array) -> FacePoseNet:
    """`pixel_mean` (3,) BGR 0..1; `offset` and `spread` (6,) of the outputs."""
    net = empty("pose")
    assert isinstance(net, FacePoseNet)
    state = {
        "pixel_mean": _tensor(pixel_mean.reshape(3, 1, 1)),
        "offset": _tensor(offset.reshape(-1)),
        "spread": _tensor(spread.reshape(-1)),
    }
    for name in CONVS:
        state[f"convs.{name}.weight"] = _conv(variables[f"{POSE_SCOPE}/{name}/W"])
        state[f"convs.{name}.bias"] = _tensor(variables[f"{POSE_SCOPE}/{name}/baises"])
    for name in LINEARS:
        state[f"linears.{name}.weight"] = _tensor(variables[f"{POSE_SCOPE}/{name}/W"].T)
        state[f"linears.{name}.bias"] = _tensor(variables[f"{POSE_SCOPE}/{name}/baises"])
    net.load_state_dict(state, assign=True)
    return net.eval()


def _tensor(array: Array) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, np.float32))


def _conv(weights: Array) -> torch.Tensor:
    """Convert TensorFlow's [kh, kw, in, out] to torch's (out, in, kh, kw)."""
    return _tensor(weights.transpose(3, 2, 0, 1))
