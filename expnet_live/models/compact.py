"""The built-in network: small, and fast on a CPU."""

from __future__ import annotations

from pathlib import Path

from expnet_live.core.paths import asset
from expnet_live.pipeline.weights_file import WeightsFile

FILE = "expnet.safetensors"

MODEL = WeightsFile(
    Path(FILE),
    name="compact",
    title="Compact",
    about="the built-in network, fast on a CPU",
    find=lambda: asset(FILE),
)
