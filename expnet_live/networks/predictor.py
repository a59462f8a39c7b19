"""Running ExpNet on crops, as fast as the machine at hand allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from expnet_live.errors import UserError
from expnet_live.networks.checkpoint import load_weights
from expnet_live.networks.expnet import ExpNet
from expnet_live.networks.runtime import OnnxNet, TorchNet
from expnet_live.resources import asset
from expnet_live.types import Array, Image

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
        on_cpu = self.device.type == "cpu"
        self.dtype = torch.float16 if self.device.type == "cuda" else torch.float32
        self._net: Callable[[Image], Array] = OnnxNet(net) if on_cpu else TorchNet(net, self.device, self.dtype)

    @classmethod
    def load(cls, path: Path | None = None, device: str = "auto") -> Predictor:
        """The weights in `path`, or those that ship."""
        net, about = load_weights(path or asset(ASSET))
        return cls(net, device, about)

    def predict(self, crops: Image) -> Prediction:
        """Crops (N, S, S, 3) BGR uint8."""
        out = self._net(crops)
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
