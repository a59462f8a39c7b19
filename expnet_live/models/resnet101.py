"""The paper's large network, trained with our labels. It is not included, because we may not distribute its weights."""

from __future__ import annotations

from pathlib import Path

from expnet_live.core.paths import assets_dir, data_folder
from expnet_live.pipeline.weights_file import WeightsFile

FILE = "expnet_resnet101.safetensors"


def _found() -> Path | None:
    return next((p for p in (data_folder() / "models" / FILE, assets_dir() / FILE) if p.is_file()), None)


MODEL = WeightsFile(
    Path(FILE),
    name="resnet101",
    title="ResNet-101",
    about="the paper's large network, which you train yourself",
    find=_found,
    missing="ResNet-101 is not available: its weights are not on this computer; train them with "
    "'expnet-live train expnet --architecture resnet101' and choose their file.",
)
