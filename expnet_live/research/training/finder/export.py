"""Writes the face finder as ONNX, with the normalisations merged into the convolutions."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch

from expnet_live.core.files import whole
from expnet_live.research.training.finder.network import FinderNet

_OPSET = 17


def write_onnx(net: FinderNet, path: Path) -> Path:
    """Write the network: input `pictures` (N, H, W, 3) float32 BGR 0..255, output `maps`; N, H and W are free."""
    example = torch.zeros(1, 192, 192, 3)
    free = {"pictures": {0: "N", 1: "H", 2: "W"}, "maps": {0: "N", 2: "h", 3: "w"}}
    with whole(path) as partial, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the newer exporter needs a package of its own
        torch.onnx.export(
            net.eval(), (example,), str(partial), input_names=["pictures"], output_names=["maps"], dynamic_axes=free,
            opset_version=_OPSET, dynamo=False,
        )  # fmt: skip
    return path
