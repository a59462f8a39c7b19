"""Runs ExpNet on crops, as fast as the machine allows."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from expnet_live.core.paths import asset
from expnet_live.core.types import Array, Image
from expnet_live.networks.checkpoint import Weights
from expnet_live.networks.runtime import by_onnx, pick_device, ready
from expnet_live.networks.runtime_files import RuntimeFile, runtime_files

ASSET = "expnet.safetensors"

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Prediction:
    """ExpNet's predictions for N crops.

    `expression` (N, n) sd, `identity` (N, K) sd, `rotation` (N, 3) rad, `scale` (N,) crop pixels per
    mm, `origin` (N, 2) position of the model's origin in the crop, `gaze` (N, 2, 2) rad or None,
    `confidence` (N,) that there is a face, 0..1, `blendshapes` (N, 52) in ARKit's order, 0..1, or None.
    """

    expression: Array
    identity: Array
    rotation: Array
    scale: Array
    origin: Array
    gaze: Array | None
    confidence: Array
    blendshapes: Array | None = None


class Predictor:
    """An ExpNet prepared for inference on one device; `threads` of the CPU, None: see runtime.cpu_threads."""

    def __init__(self, weights: Weights | RuntimeFile, device: str = "auto", threads: int | None = None) -> None:
        self.device: str = pick_device(device)
        self.about = weights.about
        self.crop_type = None
        self.config = weights.config
        self.crop_size = weights.config.crop_size
        ends = np.cumsum(list(self.config.outputs.values())).tolist()
        self._columns = {name: slice(a, b) for name, a, b in zip(self.config.outputs, [0, *ends], ends, strict=False)}
        # The runtime file that runs it, if one does: which one is taken differs between computers.
        self.runtime_file = weights.path if isinstance(weights, RuntimeFile) else None
        self._net = weights.net if isinstance(weights, RuntimeFile) else ready(weights, self.device, threads)

    @property
    def tells(self) -> frozenset[str]:
        """Which of identity, gaze and blendshapes it predicts besides the expression."""
        return frozenset(self._columns) & {"identity", "gaze", "blendshapes"}

    @classmethod
    def load(cls, path: Path | None = None, device: str = "auto", threads: int | None = None) -> Predictor:
        """Load the weights in `path`, or the built-in ones.

        On the CPU, this takes the quicker one of the runtime files beside them; `path` may also be one of those.
        """
        path, device = path or asset(ASSET), pick_device(device)
        if path.suffix == ".onnx":
            return cls(RuntimeFile.read(path, threads), "cpu")
        if device == "cpu":
            if (ready_made := RuntimeFile.beside(path, threads)) is not None:
                return cls(ready_made, "cpu")
            log.info("%s is not there; 'expnet-live train runtime' makes it for a quick start.", runtime_files(path)[0])
        elif by_onnx(device) and (exact := runtime_files(path)[0]).is_file():  # a GPU is no quicker in int8
            return cls(RuntimeFile.read(exact, threads, device), device)
        return cls(Weights.read(path), device, threads)

    def predict(self, crops: Image) -> Prediction:
        """Predict for crops (N, S, S, 3) BGR uint8."""
        out = self._net(crops)
        part = {name: out[:, columns] for name, columns in self._columns.items()}
        n, size = len(crops), self.crop_size
        view, identity, rotation = (
            part[name] if name in part else np.zeros((n, width), np.float32)
            for name, width in (("view", 3), ("identity", 0), ("rotation", 3))
        )
        gaze = part.get("gaze")
        confidence = part.get("confidence")
        blendshapes = part.get("blendshapes")
        return Prediction(
            expression=part["expression"],
            identity=identity,
            rotation=rotation,
            scale=np.exp(view[:, 0]) * size,
            origin=(view[:, 1:] + 0.5) * size - 0.5,
            gaze=None if gaze is None else gaze.reshape(n, 2, 2),
            confidence=np.ones(n, np.float32) if confidence is None else 1 / (1 + np.exp(-confidence[:, 0])),
            blendshapes=None if blendshapes is None else blendshapes.clip(0, 1),
        )

    def actions(self, crops: Image) -> Array:
        """The blendshapes (N, 52) of `predict` alone, in three fifths of the time with the built-in weights.

        Raises KeyError if it predicts none.
        """
        columns = self._columns["blendshapes"]  # the last ones
        return self._net.actions(crops)[:, columns.start - columns.stop :].clip(0, 1)
