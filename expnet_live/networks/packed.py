"""ExpNet for CPUs: weights reordered once for oneDNN, and each convolution one call with what follows it.

A frozen TorchScript module reorders its weights at every call and adds and clips in passes of their
own: a third of the time for one small crop. The operators here are those that torch's compiler emits.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from expnet_live.networks.expnet import ExpNet
from expnet_live.networks.resnet import Block, Conv


def can_pack() -> bool:
    """Whether this build of torch has the operators."""
    return torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_convolution_pointwise")


class PackedExpNet:
    """Crops (N, 3, S, S) in `dtype`, channels last, to outputs (N, D) float32. Overwrites its input."""

    def __init__(self, net: ExpNet, dtype: torch.dtype) -> None:
        net = copy.deepcopy(net).eval()
        back, size = net.backbone, net.config.crop_size
        self._pooled, self._pool = net.config.pooled, net.config.backbone.pool
        self._mean = net.pixel_mean.expand(1, 3, size, size).to(dtype, memory_format=torch.channels_last).clone()
        with torch.no_grad():
            first = fuse_conv_bn_eval(back.conv1, back.bn_conv1)
            # Pixels less their mean are whole numbers, which bfloat16 holds exactly; so the spread goes to the weights.
            first.weight /= net.pixel_spread
            self._first = _Packed.of(first, dtype)
            self._blocks = [_PackedBlock.of(b, dtype) for b in back.stages.values() if isinstance(b, Block)]
            self._weight = (net.fc.weight * net.spread[:, None]).contiguous()
            self._bias = net.fc.bias * net.spread + net.offset

    def __call__(self, crops: torch.Tensor) -> torch.Tensor:
        x = F.pad(crops.sub_(self._mean), (2, 3, 2, 3))
        x = self._first(x, relu=True)
        if self._pool:
            x = F.max_pool2d(x, 3, 2, ceil_mode=True)
        for block in self._blocks:
            x = block(x)
        x = x.float()
        if self._pooled:
            x = x.mean((2, 3))
        return F.linear(x.flatten(1), self._weight, self._bias)


@dataclass(frozen=True)
class _Packed:
    """A convolution with bias."""

    weight: torch.Tensor
    bias: torch.Tensor
    padding: list[int]
    stride: list[int]

    @classmethod
    def of(cls, conv: nn.Conv2d, dtype: torch.dtype) -> _Packed:
        padding, stride = [int(p) for p in conv.padding], list(conv.stride)
        weight = conv.weight.detach().to(dtype, memory_format=torch.channels_last)
        packed = torch.ops.mkldnn._reorder_convolution_weight(weight, padding, stride, [1, 1], 1, None)
        assert conv.bias is not None
        return cls(packed, conv.bias.detach().to(dtype), padding, stride)

    def __call__(self, x: torch.Tensor, *, relu: bool) -> torch.Tensor:
        return torch.ops.mkldnn._convolution_pointwise(
            x, self.weight, self.bias, self.padding, self.stride, [1, 1], 1, "relu" if relu else "none", [], ""
        )

    def onto(self, x: torch.Tensor, shortcut: torch.Tensor) -> torch.Tensor:
        """relu(conv(x) + shortcut)."""
        return torch.ops.mkldnn._convolution_pointwise.binary(
            x, shortcut, self.weight, self.bias, self.padding, self.stride, [1, 1], 1, "add", 1.0, "relu", [], ""
        )


@dataclass(frozen=True)
class _PackedBlock:
    convs: list[_Packed]
    shortcut: _Packed | None

    @classmethod
    def of(cls, block: Block, dtype: torch.dtype) -> _PackedBlock:
        def pack(conv: Conv) -> _Packed:
            return _Packed.of(fuse_conv_bn_eval(conv.conv, conv.bn), dtype)

        convs = [pack(c) for c in block.branch2 if isinstance(c, Conv)]
        return cls(convs, None if block.branch1 is None else pack(block.branch1))

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        shortcut = x if self.shortcut is None else self.shortcut(x, relu=False)
        for conv in self.convs[:-1]:
            x = conv(x, relu=True)
        return self.convs[-1].onto(x, shortcut)
