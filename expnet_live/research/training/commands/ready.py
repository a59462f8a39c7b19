"""What follows the training of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from expnet_live.core.types import Array, Image
    from expnet_live.research.training.actions.material import Material


def at_full_strength(weights: Path, material: Material, out: Path) -> None:
    """Write `weights` with actions at full strength into the folder `out`, and their runtime files."""
    import numpy as np

    from expnet_live.research.training.actions.strength import strengthen

    result = out / "strong.safetensors"
    strengthen(weights, material, result)
    print(f"the weights are in {result}")
    ready_to_run(result, material.shelf.picture, np.flatnonzero(material.used & ~material.made))


def ready_to_run(weights: Path, picture: Callable[[int], Image], rows: Array) -> None:
    """Write the runtime files of new weights, if `onnx` is installed; `rows` are the pictures that int8 must suit."""
    from importlib.util import find_spec

    import numpy as np

    if find_spec("onnx") is None:
        print("install onnx, and 'expnet-live train runtime' makes the files that the program runs")
        return
    from expnet_live.networks.checkpoint import Weights
    from expnet_live.research.training.dataset import plain_crops
    from expnet_live.research.training.runtime import CROPS, write_runtime_files

    chosen = np.random.default_rng(0).permutation(rows)[:CROPS]
    files = write_runtime_files(weights, plain_crops(picture, chosen, Weights.read(weights).config.crop_size))
    print(f"the program runs {' and '.join(str(f) for f in files)}")
