"""Runs a network with ONNX Runtime on CPUs, where a single crop takes half of torch's time, and with torch elsewhere.

torch itself is imported only if there may be a GPU: it takes a second and 200 MB.
"""

from __future__ import annotations

import ctypes.util
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from expnet_live.core.errors import UserError
from expnet_live.core.types import Array, Image
from expnet_live.networks.architecture import BN_EPSILON, BlockShape, ConvShape, ResNetConfig, blocks, fine_block
from expnet_live.networks.checkpoint import Weights

Running = Callable[[Image], Array]
DEVICES = ("auto", "cpu", "cuda", "mps")

_OPSET, _IR = 17, 8
# ONNX Runtime's Windows builds would otherwise report their use to the system.
onnxruntime.disable_telemetry_events()


def pick_device(device: str) -> str:
    """Resolve a device name: auto takes cuda, then mps, then cpu. Raises UserError for an unavailable device."""
    if device not in DEVICES:
        raise UserError(f"There is no device called {device}; choose one of {', '.join(DEVICES)}.")
    if device == "cpu":
        return device
    there = available_devices()
    if device == "auto":
        return next(d for d in ("cuda", "mps", "cpu") if d in there)
    if device not in there:
        raise UserError(f"This computer has no {device.upper()} device that torch can use; choose 'cpu' or 'auto'.")
    return device


def available_devices() -> set[str]:
    """cpu, and cuda and mps if torch can use them."""
    if not _may_have_gpu():
        return {"cpu"}
    import torch

    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return {name for name, is_there in there.items() if is_there}


def _may_have_gpu() -> bool:
    """Whether there is a driver that torch could use: Apple's, NVIDIA's or AMD's."""
    if sys.platform == "darwin":
        return True
    cuda = "nvcuda" if sys.platform == "win32" else "cuda"
    return ctypes.util.find_library(cuda) is not None or Path("/dev/kfd").exists() or Path("/dev/nvidiactl").exists()


def cpu_threads() -> int:
    """Number of CPU threads for a network: OMP_NUM_THREADS, or all cores that this process may use, up to four."""
    try:
        return max(1, int(os.environ["OMP_NUM_THREADS"]))
    except (KeyError, ValueError):
        return min(available_cores(), 4)


def available_cores() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def ready(weights: Weights, device: str, threads: int | None = None, *, exact: bool = False) -> Running:
    """A network on a device of `pick_device`; maps crops (N, S, S, 3) BGR uint8 to outputs (N, D) float32.

    `exact`: single precision everywhere, with crops as float32, 0..255.
    """
    return OnnxNet(weights, threads, exact) if device == "cpu" else TorchNet(weights, device, exact)


class OnnxNet:
    """A network on `threads` of the CPU (None: see cpu_threads)."""

    def __init__(self, weights: Weights, threads: int | None = None, floats: bool = False) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or cpu_threads()
        options.log_severity_level = 3
        graph = onnx_model(weights, floats).SerializeToString()
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def __call__(self, crops: Image) -> Array:
        return np.asarray(self._session.run(None, {"crops": crops})[0])


class TorchNet:
    """A network in torch; on CUDA, the backbone runs in half precision and the last layer in float32, unless
    `exact`.
    """

    def __init__(self, weights: Weights, device: str, exact: bool = False) -> None:
        import torch

        self._device = device
        self._dtype = torch.float16 if device.startswith("cuda") and not exact else torch.float32
        self._net = weights.network().to(device)
        self._net.backbone.to(dtype=self._dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def __call__(self, crops: Image) -> Array:
        import torch

        net = self._net
        with torch.inference_mode():
            # A view with the channels last, the layout that suits the convolutions best.
            x = torch.from_numpy(np.ascontiguousarray(crops)).to(self._device).permute(0, 3, 1, 2)
            x = net.backbone(((x - net.pixel_mean) / net.pixel_spread).to(self._dtype)).float()
            if net.config.pooled:
                x = x.mean((2, 3))
            out: Array = (net.fc(x.flatten(1)) * net.spread + net.offset).cpu().numpy()
        return out


def onnx_model(weights: Weights, floats: bool = False) -> onnx.ModelProto:
    """A network in the ONNX format: input `crops` (N, S, S, 3) BGR uint8 or float32, output `outputs` (N, D)."""
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
    for block in blocks(config.backbone):
        x = graph.block(f"backbone.stages.{block.name}", block, x)
    if config.pooled:
        x = graph.add("GlobalAveragePool", x)
    spread = tensors["spread"]
    weight, bias = tensors["fc.weight"] * spread[:, None], tensors["fc.bias"] * spread + tensors["offset"]
    x = graph.add("Flatten", x)
    graph.add("Gemm", x, graph.constant(weight), graph.constant(bias), output="outputs", transB=1)
    size, pixels = config.crop_size, TensorProto.FLOAT if floats else TensorProto.UINT8
    return graph.model(
        helper.make_tensor_value_info("crops", pixels, ["N", size, size, 3]),
        helper.make_tensor_value_info("outputs", TensorProto.FLOAT, ["N", len(bias)]),
    )


@dataclass
class _Graph:
    tensors: dict[str, Array]
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def add(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add a node, and return the name of its output."""
        output = output or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
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

    def fine(self, config: ResNetConfig, x: str, gain: Array | float) -> str:
        start, block, end = fine_block(config)
        y = self.add("Relu", self.conv("backbone.fine.start", start, x, gain))
        return self.conv("backbone.fine.end", end, self.block("backbone.fine.block", block, y))

    def model(self, inputs: onnx.ValueInfoProto, outputs: onnx.ValueInfoProto) -> onnx.ModelProto:
        graph = helper.make_graph(self.nodes, "ExpNet", [inputs], [outputs], self.constants)
        opset = helper.make_opsetid("", _OPSET)
        return helper.make_model(graph, opset_imports=[opset], ir_version=_IR, producer_name="expnet-live")
