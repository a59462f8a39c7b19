"""The built-in network: small, and fast on a CPU."""

from __future__ import annotations

from pathlib import Path

from expnet_live.core.paths import asset, assets_dir, without_python
from expnet_live.pipeline.weights_file import WeightsFile

FILE = "expnet.safetensors"


def _weights() -> Path:
    """The folder without Python has their runtime file alone."""
    return assets_dir() / FILE if without_python() else asset(FILE)


MODEL = WeightsFile(
    Path(FILE),
    name="compact",
    title="Compact",
    about="the built-in network, fast on a CPU",
    find=_weights,
)
