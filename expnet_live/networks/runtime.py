"""How a network runs: by ONNX Runtime on CPUs, where it takes half of torch's time for a single crop; else by torch."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from expnet_live.networks.expnet import ExpNet
from expnet_live.networks.resnet import Block, Conv
from expnet_live.types import Array, Image

_OPSET = 17
# ONNX Runtime's Windows builds would otherwise tell the system of their use.
onnxruntime.disable_telemetry_events()


class OnnxNet:
    """An ExpNet for CPUs: crops (N, S, S, 3) BGR uint8 to outputs (N, D) float32, on as many threads as torch has.

    With `floats` it takes crops as float32, 0..255.
    """

    def __init__(self, net: ExpNet, floats: bool = False) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 3
        graph = onnx_model(net, floats).SerializeToString()
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def __call__(self, crops: Image) -> Array:
        return np.asarray(self._session.run(None, {"crops": crops})[0])


class TorchNet:
    """An ExpNet for GPUs: as OnnxNet; the backbone in `dtype`, the last layer in float32."""

    def __init__(self, net: ExpNet, device: torch.device, dtype: torch.dtype) -> None:
        self._device, self._dtype = device, dtype
        net = copy.deepcopy(net).eval()
        for module in net.backbone.modules():
            if isinstance(module, Conv):
                module.conv, module.bn = _fused(module), nn.Identity()  # type: ignore[assignment]
        back = net.backbone
        back.conv1, back.bn_conv1 = fuse_conv_bn_eval(back.conv1, back.bn_conv1), nn.Identity()  # type: ignore[assignment]
        self._net = net.to(device)
        back.to(dtype=dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def __call__(self, crops: Image) -> Array:
        net = self._net
        with torch.inference_mode():
            # A view with the channels last, as the convolutions like it best.
            x = torch.from_numpy(np.ascontiguousarray(crops)).to(self._device).permute(0, 3, 1, 2)
            x = net.backbone(((x - net.pixel_mean) / net.pixel_spread).to(self._dtype)).float()
            if net.config.pooled:
                x = x.mean((2, 3))
            out: Array = (net.fc(x.flatten(1)) * net.spread + net.offset).cpu().numpy()
        return out


def onnx_model(net: ExpNet, floats: bool = False) -> onnx.ModelProto:
    """`net` as a model of the ONNX format: input `crops` (N, S, S, 3) BGR uint8 or float32, output `outputs` (N, D)."""
    net = copy.deepcopy(net).eval()
    graph, config, back = _Graph(), net.config, net.backbone
    with torch.no_grad():
        first = fuse_conv_bn_eval(back.conv1, back.bn_conv1)
        first.weight /= net.pixel_spread
        weight, bias = net.fc.weight * net.spread[:, None], net.fc.bias * net.spread + net.offset
    x = graph.add("Transpose", graph.add("Cast", "crops", to=TensorProto.FLOAT), perm=[0, 3, 1, 2])
    x = graph.add("Sub", x, graph.constant(net.pixel_mean))
    x = graph.add("Relu", graph.conv(first, x, pads=[2, 2, 3, 3]))
    if config.backbone.pool:
        x = graph.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    for block in back.stages.values():
        assert isinstance(block, Block)
        shortcut = x if block.branch1 is None else graph.conv(_fused(block.branch1), x)
        *convs, last = (_fused(conv) for conv in block.branch2)
        for conv in convs:
            x = graph.add("Relu", graph.conv(conv, x))
        x = graph.add("Relu", graph.add("Add", graph.conv(last, x), shortcut))
    if config.pooled:
        x = graph.add("GlobalAveragePool", x)
    x = graph.add("Flatten", x)
    graph.add("Gemm", x, graph.constant(weight), graph.constant(bias), output="outputs", transB=1)
    size, pixels = config.crop_size, TensorProto.FLOAT if floats else TensorProto.UINT8
    return graph.model(
        helper.make_tensor_value_info("crops", pixels, ["N", size, size, 3]),
        helper.make_tensor_value_info("outputs", TensorProto.FLOAT, ["N", len(bias)]),
    )


@dataclass
class _Graph:
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def add(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """The name of the node's output."""
        output = output or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def constant(self, value: torch.Tensor) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(value.detach().float().cpu().contiguous().numpy(), name))
        return name

    def conv(self, conv: nn.Conv2d, x: str, pads: list[int] | None = None) -> str:
        assert conv.bias is not None
        height, width = (int(p) for p in conv.padding)
        return self.add(
            "Conv",
            x,
            self.constant(conv.weight),
            self.constant(conv.bias),
            strides=list(conv.stride),
            pads=pads or [height, width, height, width],
        )

    def model(self, inputs: onnx.ValueInfoProto, outputs: onnx.ValueInfoProto) -> onnx.ModelProto:
        graph = helper.make_graph(self.nodes, "ExpNet", [inputs], [outputs], self.constants)
        opset = helper.make_opsetid("", _OPSET)
        return helper.make_model(graph, opset_imports=[opset], ir_version=8, producer_name="expnet-live")


def _fused(conv: nn.Module) -> nn.Conv2d:
    assert isinstance(conv, Conv)
    return fuse_conv_bn_eval(conv.conv, conv.bn)
