"""Writes a network in the ONNX format. Only this module needs the package `onnx`: the runtime reads finished files."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from expnet_live.core.types import Array
from expnet_live.networks.architecture import (
    ACTIONS,
    BN_EPSILON,
    WHOLE,
    BlockShape,
    ConvShape,
    ResNetConfig,
    blocks,
    fine_block,
)
from expnet_live.networks.checkpoint import FORMAT, Weights

_OPSET, _IR = 17, 8


def onnx_model(weights: Weights, *, floats: bool = False) -> onnx.ModelProto:
    """A network in the ONNX format: input `crops` (N, S, S, 3) BGR uint8 or float32, output `outputs` (N, D).

    With a branch they are in two: `outputs` (K, D - B) and `actions` (N, B), where the optional input `whole` (1,) says
    for how many of the crops, from the first, there are both: K. Its metadata hold the configuration and the notes.
    """
    config, tensors = weights.config, weights.tensors
    graph = _Graph(tensors)
    x = graph.add("Transpose", graph.add("Cast", "crops", to=TensorProto.FLOAT), perm=[0, 3, 1, 2])
    x = graph.add("Sub", x, graph.constant(tensors["pixel_mean"]))
    first = graph.fused("backbone.conv1", "backbone.bn_conv1", 1 / tensors["pixel_spread"])
    stride = 2 if config.backbone.pool else 4
    # As in Caffe, there is more padding on the right and at the bottom.
    y = graph.add("Conv", x, *first, strides=[stride, stride], pads=[2, 2, 3, 3])
    if config.backbone.fine:
        y = graph.add("Add", y, graph.fine(config.backbone, x, 1 / tensors["pixel_spread"]))
    x = graph.add("Relu", y)
    if config.backbone.pool:
        x = graph.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    branch, shared = config.branch_blocks, x
    for block in blocks(config.backbone):
        if branch and block.name == branch[0].name:
            shared, x = x, graph.first_of(x, WHOLE)
        x = graph.block(f"backbone.stages.{block.name}", block, x)
    n, n_branch = config.n_outputs, config.n_branch
    graph.last("fc", config.pooled, slice(0, n - n_branch), x, "outputs")
    size, pixels = config.crop_size, TensorProto.FLOAT if floats else TensorProto.UINT8
    inputs = [helper.make_tensor_value_info("crops", pixels, ["N", size, size, 3])]
    outputs = [helper.make_tensor_value_info("outputs", TensorProto.FLOAT, ["K" if branch else "N", n - n_branch])]
    if branch:
        for block in branch:
            shared = graph.block(f"branch.{block.name}", block, shared)
        graph.last("branch_fc", config.pooled, slice(n - n_branch, n), shared, ACTIONS)
        inputs.append(helper.make_tensor_value_info(WHOLE, TensorProto.INT64, [1]))
        outputs.append(helper.make_tensor_value_info(ACTIONS, TensorProto.FLOAT, ["N", n_branch]))
    model = graph.model(inputs, outputs)
    notes = {"format": FORMAT, "config": json.dumps(config.to_dict()), "about": json.dumps(weights.about)}
    helper.set_model_props(model, notes)
    return model


def halve(model: onnx.ModelProto) -> None:
    """Store large constants of single precision as float16, in half the space.

    ONNX Runtime converts them back once, when it loads the file.
    """
    graph = model.graph
    for constant in graph.initializer:
        if constant.data_type != TensorProto.FLOAT or len(constant.dims) < 2:
            continue
        name, values = constant.name, numpy_helper.to_array(constant)
        constant.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
        graph.node.insert(0, helper.make_node("Cast", [constant.name], [name], f"{name}_cast", to=TensorProto.FLOAT))


@dataclass
class _Graph:
    tensors: dict[str, Array]
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)
    counts: list[onnx.TensorProto] = field(default_factory=list)

    def add(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add a node, and return the name of its output, which is also its own."""
        output = output or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], output, **attributes))
        return output

    def constant(self, value: Array) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, np.float32), name))
        return name

    def fused(self, conv: str, bn: str, gain: Array | float = 1.0) -> tuple[str, str]:
        """Weight and bias of a convolution merged with the normalisation after it, for inputs divided by `gain`."""
        t = self.tensors
        scale = t[f"{bn}.weight"] / np.sqrt(t[f"{bn}.running_var"] + BN_EPSILON)
        bias = t[f"{bn}.bias"] - t[f"{bn}.running_mean"] * scale
        return self.constant(t[f"{conv}.weight"] * scale[:, None, None, None] * gain), self.constant(bias)

    def conv(self, name: str, shape: ConvShape, x: str, gain: Array | float = 1.0) -> str:
        pads, strides = [shape.kernel // 2] * 4, [shape.stride] * 2
        return self.add("Conv", x, *self.fused(f"{name}.conv", f"{name}.bn", gain), strides=strides, pads=pads)

    def block(self, name: str, block: BlockShape, x: str) -> str:
        y = x
        shortcut = x if block.branch1 is None else self.conv(f"{name}.branch1", block.branch1, x)
        for i, shape in enumerate(block.branch2):
            y = self.conv(f"{name}.branch2.{i}", shape, self.add("Relu", y) if i else y)
        return self.add("Relu", self.add("Add", y, shortcut))

    def first_of(self, x: str, count: str) -> str:
        """As many items of x, from the first, as the optional input `count` says; all if it does not."""
        zero = f"{count}_from"
        for name, value in ((count, np.iinfo(np.int64).max), (zero, 0)):
            self.counts.append(numpy_helper.from_array(np.array([value], np.int64), name))
        return self.add("Slice", x, zero, count, zero)

    def last(self, name: str, pooled: bool, part: slice, x: str, output: str) -> str:
        """A last layer with the units of that part of the outputs."""
        spread, offset = self.tensors["spread"][part], self.tensors["offset"][part]
        weight = self.tensors[f"{name}.weight"] * spread[:, None]
        bias = self.tensors[f"{name}.bias"] * spread + offset
        x = self.add("Flatten", self.add("GlobalAveragePool", x) if pooled else x)
        return self.add("Gemm", x, self.constant(weight), self.constant(bias), output=output, transB=1)

    def fine(self, config: ResNetConfig, x: str, gain: Array | float) -> str:
        start, block, end = fine_block(config)
        y = self.add("Relu", self.conv("backbone.fine.start", start, x, gain))
        return self.conv("backbone.fine.end", end, self.block("backbone.fine.block", block, y))

    def model(self, inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto]) -> onnx.ModelProto:
        graph = helper.make_graph(self.nodes, "ExpNet", inputs, outputs, self.constants + self.counts)
        opset = helper.make_opsetid("", _OPSET)
        return helper.make_model(graph, opset_imports=[opset], ir_version=_IR, producer_name="expnet-live")
