"""Running ExpNet on crops, as fast as the machine at hand allows."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from expnet_live.errors import UserError
from expnet_live.networks.checkpoint import load_weights
from expnet_live.networks.expnet import ExpNet
from expnet_live.networks.packed import PackedExpNet, can_pack
from expnet_live.networks.resnet import Conv
from expnet_live.resources import asset
from expnet_live.types import Array, Image

log = logging.getLogger(__name__)

ASSET = "expnet.safetensors"
DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True)
class Prediction:
    """What ExpNet says of N crops.

    `expression` (N, 29) sd, `identity` (N, K) sd, `rotation` (N, 3) rad, `scale` (N,) crop pixels per
    mm, `origin` (N, 2) where the model's origin is seen in the crop, `gaze` (N, 2, 2) rad or None,
    `confidence` (N,) that there is a face, 0..1.
    """

    expression: Array
    identity: Array
    rotation: Array
    scale: Array
    origin: Array
    gaze: Array | None
    confidence: Array


def pick_device(device: str) -> torch.device:
    """The torch device of a name; auto takes CUDA, then MPS, then the CPU. UserError for one that is not there."""
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if device == "auto":
        device = next(d for d in ("cuda", "mps", "cpu") if there[d])
    if device not in there:
        raise UserError(f"There is no device called {device}; choose one of {', '.join(DEVICES)}.")
    if not there[device]:
        raise UserError(f"This computer has no {device.upper()} device that torch can use; choose 'cpu' or 'auto'.")
    return torch.device(device)


class Predictor:
    """An ExpNet made ready for inference on one device."""

    def __init__(self, net: ExpNet, device: str = "auto", about: dict[str, Any] | None = None) -> None:
        self.device = pick_device(device)
        self.about = about or {}
        self.config = net.config
        self.crop_size = net.config.crop_size
        ends = np.cumsum(list(net.config.outputs.values())).tolist()
        self._columns = {name: slice(a, b) for name, a, b in zip(net.config.outputs, [0, *ends], ends, strict=False)}
        self.dtype = _fast_dtype(self.device)
        self._net = ready(net, self.device, self.dtype)

    @classmethod
    def load(cls, path: Path | None = None, device: str = "auto") -> Predictor:
        """The weights in `path`, or those that ship."""
        net, about = load_weights(path or asset(ASSET))
        return cls(net, device, about)

    def predict(self, crops: Image) -> Prediction:
        """Crops (N, S, S, 3) BGR uint8."""
        x = torch.from_numpy(np.ascontiguousarray(crops)).to(self.device)
        # A view with the channels last, as the convolutions like it best.
        x = x.permute(0, 3, 1, 2).to(self.dtype)
        with torch.inference_mode():
            out = self._net(x).float().cpu().numpy()
        part = {name: out[:, columns] for name, columns in self._columns.items()}
        n, size = len(crops), self.crop_size
        view = part.get("view", np.zeros((n, 3), np.float32))
        gaze = part.get("gaze")
        confidence = part.get("confidence")
        return Prediction(
            expression=part["expression"],
            identity=part.get("identity", np.zeros((n, 0), np.float32)),
            rotation=part.get("rotation", np.zeros((n, 3), np.float32)),
            scale=np.exp(view[:, 0]) * size,
            origin=(view[:, 1:] + 0.5) * size - 0.5,
            gaze=None if gaze is None else gaze.reshape(n, 2, 2),
            confidence=np.ones(n, np.float32) if confidence is None else 1 / (1 + np.exp(-confidence[:, 0])),
        )


def _fast_dtype(device: torch.device) -> torch.dtype:
    if device.type == "cuda":
        return torch.float16
    # oneDNN also emulates bfloat16, slower than float32 is: the CPU itself must have it.
    if device.type == "cpu" and torch.backends.mkldnn.is_available() and torch.cpu._is_avx512_bf16_supported():
        return torch.bfloat16
    return torch.float32


def ready(net: ExpNet, device: torch.device, dtype: torch.dtype) -> Callable[[torch.Tensor], torch.Tensor]:
    """The fastest form of `net` that works here."""
    if device.type == "cpu" and can_pack():
        try:
            packed, size = PackedExpNet(net, dtype), net.config.crop_size
            with torch.inference_mode():
                packed(torch.zeros(1, size, size, 3, dtype=dtype).permute(0, 3, 1, 2))
        except (RuntimeError, TypeError, AttributeError) as e:
            # The operators are torch's own affair and may change with its version.
            log.info("packed convolutions do not work here: %s", e)
        else:
            return packed
    return _frozen(net, device, dtype)


class _Mixed(nn.Module):
    """The backbone in a fast type, the last layer in float32."""

    def __init__(self, net: ExpNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        net = self.net
        x = net.backbone((crops - net.pixel_mean) / net.pixel_spread).float()
        if net.config.pooled:
            x = x.mean((2, 3), keepdim=True)
        y: torch.Tensor = net.fc(x.flatten(1)) * net.spread + net.offset
        return y


def _frozen(net: ExpNet, device: torch.device, dtype: torch.dtype) -> Any:
    net = copy.deepcopy(net).eval()
    for module in net.backbone.modules():
        if isinstance(module, Conv):
            module.conv, module.bn = fuse_conv_bn_eval(module.conv, module.bn), nn.Identity()  # type: ignore[assignment]
    back = net.backbone
    back.conv1, back.bn_conv1 = fuse_conv_bn_eval(back.conv1, back.bn_conv1), nn.Identity()  # type: ignore[assignment]
    net.to(device)
    net.pixel_mean, net.pixel_spread = net.pixel_mean.to(dtype), net.pixel_spread.to(dtype)
    back.to(dtype=dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
    size = net.config.crop_size
    example = torch.zeros(1, size, size, 3, dtype=dtype, device=device).permute(0, 3, 1, 2)
    with torch.no_grad():
        return torch.jit.freeze(torch.jit.trace(_Mixed(net).eval(), example, check_trace=False))
