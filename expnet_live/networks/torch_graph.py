"""Runs a network that is only there as ONNX in torch, for GPUs. It reads the file with the package `onnx`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch.nn import functional as F

from expnet_live.core.types import Array, Image

_Step = Callable[..., torch.Tensor]


class TorchGraph:
    """A graph with one input and one output; maps pictures (N, H, W, 3) uint8 to outputs (N, ...) float32.

    Raises ValueError if it has an operation that the face finder's network does not need.
    """

    def __init__(self, path: Path, device: str) -> None:
        graph = onnx.load(path).graph
        self._input, self._output = graph.input[0].name, graph.output[0].name
        constants = {c.name: c for c in graph.initializer}
        constants |= {node.output[0]: node.attribute[0].t for node in graph.node if node.op_type == "Constant"}
        numbers = {name: torch.from_numpy(numpy_helper.to_array(c).copy()) for name, c in constants.items()}
        self._constants = {name: value.to(device) for name, value in numbers.items()}
        self._steps = [
            (_step(node, numbers), [name for name in node.input if name], node.output[0])
            for node in graph.node
            if node.op_type != "Constant"
        ]
        self._device = device

    def __call__(self, pictures: Image) -> Array:
        with torch.inference_mode():
            values = dict(self._constants)
            values[self._input] = torch.from_numpy(np.ascontiguousarray(pictures)).to(self._device).float()
            for step, inputs, output in self._steps:
                values[output] = step(*[values[name] for name in inputs])
            return np.asarray(values[self._output].cpu().numpy())


def _step(node: onnx.NodeProto, constants: dict[str, torch.Tensor]) -> _Step:
    options: dict[str, Any] = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    if node.op_type == "Conv":
        stride, pads, groups = options["strides"], options["pads"][:2], options["group"]
        return lambda x, weight, bias: F.conv2d(x, weight, bias, stride, pads, groups=groups)
    if node.op_type == "Resize" and options["mode"] == b"nearest":
        scale = constants[node.input[2]][2:].tolist()
        return lambda x, _: F.interpolate(x, scale_factor=scale, mode="nearest")
    if node.op_type == "Transpose":
        return lambda x: x.permute(options["perm"])
    simple: dict[str, _Step] = {"Relu": torch.relu, "Add": torch.add, "Sub": torch.sub, "Div": torch.div}
    if node.op_type not in simple:
        raise ValueError(f"The operation {node.op_type} is not known here.")
    return simple[node.op_type]
