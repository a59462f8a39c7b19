"""Proofs without the release's weights: TensorFlow and the ports, with the same random weights, layer by layer.

The random release is written as the true one is, imported by the code that imports the true one, and read back.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from expnet_live.core.errors import UserError
from expnet_live.core.extras import install
from expnet_live.core.types import Array, Image
from expnet_live.networks.expnet import ExpNet
from expnet_live.official import importing, variables, weights
from expnet_live.official.networks import OfficialNetworks, resize_matrix, resized
from expnet_live.official.posenet import LINEARS, FacePoseNet
from expnet_live.official.store import Store
from expnet_live.research.official_proofs import tf_networks

BAR = 1e-4
_PICTURES = 2


@dataclass(frozen=True)
class Compared:
    """The largest relative difference of a layer between TensorFlow and torch."""

    network: str
    layer: str
    difference: float


def compare_networks(folder: Path) -> Iterator[Compared]:
    """Makes a random release in `folder`, imports it to `folder`/imported, and compares. Needs TensorFlow."""
    theirs = write_random_release(folder)
    store = Store(folder / "imported")
    importing.run_import(importing.Request(folder / "expression", folder / "shape", folder / "pose"), store)
    crops = theirs.crops
    loaded = {kind: weights.load(kind, store.path_of(kind)) for kind in theirs.layers}
    for kind, net in loaded.items():
        ours = pose_layers(net, crops) if isinstance(net, FacePoseNet) else resnet_layers(net, crops)
        for layer, expected in theirs.layers[kind].items():
            yield Compared(kind, layer, difference(ours[layer], expected))
    expression, shape, pose = loaded["expression"], loaded["shape"], loaded["pose"]
    assert isinstance(expression, ExpNet) and isinstance(shape, ExpNet) and isinstance(pose, FacePoseNet)
    found = OfficialNetworks(expression, shape, pose, "cpu")(crops)
    both = np.concatenate([found.identity, found.texture], 1)
    for kind, output in (("expression", found.expression), ("shape", both), ("pose", found.pose)):
        yield Compared(kind, "as it is run", difference(output, theirs.layers[kind]["output"]))


def difference(ours: Array, theirs: Array) -> float:
    """The largest difference relative to the largest value."""
    if ours.shape != theirs.shape:
        raise ValueError(f"The shapes {ours.shape} and {theirs.shape} differ.")
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


@dataclass(frozen=True, eq=False)
class RandomRelease:
    """Crops (N, 227, 227, 3), and what TensorFlow's layers make of them by the parts' keys."""

    crops: Image
    layers: dict[str, dict[str, Array]]


def write_random_release(folder: Path) -> RandomRelease:
    """The three archives as the release has them, with random weights, in folders named by the parts' keys."""
    _need_tensorflow()
    rng = np.random.default_rng(0)
    coarse = rng.uniform(0, 255, (_PICTURES, 3, 12, 12))
    smooth = F.interpolate(torch.from_numpy(coarse), (227, 227), mode="bicubic").permute(0, 2, 3, 1).numpy()
    crops = np.clip(smooth + rng.normal(0, 12, smooth.shape), 0, 255).astype(np.uint8)
    mean = rng.uniform(80, 120, variables.MEAN_SHAPE).astype(np.float32)
    layers = {}
    for kind in ("expression", "shape"):
        (folder / kind).mkdir(parents=True)
        np.save(folder / kind / importing.MEAN_IMAGE, mean)
        values = tf_networks.random_variables(variables.resnet_shapes(kind), rng)
        checkpoint = folder / kind / importing.CHECKPOINTS[kind]
        layers[kind] = tf_networks.run_resnet(kind, values, mean, crops, checkpoint)
    (folder / "pose").mkdir()
    values = tf_networks.random_variables(variables.pose_shapes(), rng)
    pixel_mean, offset = rng.uniform(0.3, 0.6, 3).astype(np.float32), rng.normal(0, 1, 6).astype(np.float32)
    spread = rng.uniform(0.5, 2, 6).astype(np.float32)
    checkpoint = folder / "pose" / importing.CHECKPOINTS["pose"]
    layers["pose"] = tf_networks.run_pose_net(values, pixel_mean, offset, spread, crops, checkpoint)
    np.savez(folder / "pose" / importing.POSE_PIXELS, train_mean_vec=pixel_mean)
    np.savez(folder / "pose" / importing.POSE_LABELS, mean_labels=offset, std_labels=spread)
    save_alexnet(folder / "pose" / importing.ALEXNET, random_alexnet(rng))
    return RandomRelease(crops, layers)


def random_alexnet(rng: np.random.Generator) -> dict[str, dict[str, Array]]:
    """Layers as in the pickled AlexNet, all different from any checkpoint's."""
    layers: dict[str, dict[str, Array]] = {}
    for name, shape in variables.pose_shapes().items():
        layer, variable = name.split("/")[-2:]
        if layer != "fc8":
            value = rng.standard_normal(shape, np.float32)
            layers.setdefault(layer, {})["weights" if variable == "W" else "biases"] = value
    return layers


def save_alexnet(path: Path, layers: object) -> None:
    """As NumPy under Python 2 saved an object: its header, and a pickle of protocol 2."""
    with path.open("wb") as f:
        np.lib.format.write_array_header_1_0(f, {"descr": "|O", "fortran_order": False, "shape": ()})
        _Python2Pickler(f, protocol=2).dump(np.array(layers, object))


class _Python2Pickler(pickle._Pickler):
    """Texts and bytes are Python 2's strings, which Python 3 has no way to write."""

    def _save_string(self, value: str | bytes) -> None:
        data = value.encode("latin1") if isinstance(value, str) else value
        self.write(pickle.BINSTRING + len(data).to_bytes(4, "little") + data)  # type: ignore[attr-defined]
        self.memoize(value)  # type: ignore[attr-defined]

    dispatch: ClassVar[dict[type, Callable[..., None]]] = {
        **pickle._Pickler.dispatch,
        str: _save_string,
        bytes: _save_string,
    }


# --- the ports' layers --------------------------------------------------------------------------


def resnet_layers(net: nn.Module, crops: Image) -> dict[str, Array]:
    """The outputs by TensorFlow's names, channels last."""
    assert isinstance(net, ExpNet)
    found: dict[str, torch.Tensor] = {}
    with torch.inference_mode():
        x = found["resized"] = resized(_floats(crops), resize_matrix(227, 224))
        with _kept({**net.backbone.stages, "bn_conv1": net.backbone.bn_conv1}, found):
            found["output"] = net(x)
        found["conv1"] = F.relu(found.pop("bn_conv1"))
        found["pool1"] = F.max_pool2d(found["conv1"], 3, 2, ceil_mode=True)
        found["pool5"] = found["res5c"].mean((2, 3))
    return _channels_last(found)


def pose_layers(net: FacePoseNet, crops: Image) -> dict[str, Array]:
    found: dict[str, torch.Tensor] = {}
    with torch.inference_mode():
        with _kept({**net.convs, **net.linears}, found):
            found["output"] = net(_floats(crops))
        for name in found:
            if name not in ("fc8", "output"):
                found[name] = F.relu(found[name])
        for name in ("conv1", "conv2"):
            pooled = F.max_pool2d(found[name], 3, 2)
            found[f"norm{name[-1]}"] = F.local_response_norm(pooled, 5, alpha=1e-4, beta=0.75, k=1.0)
    assert set(LINEARS) <= set(found)
    return _channels_last(found)


class _kept:
    """While it lasts, the modules' outputs are put into `found` by name."""

    def __init__(self, modules: dict[str, nn.Module], found: dict[str, torch.Tensor]) -> None:
        self._handles = [m.register_forward_hook(self._hook(n, found)) for n, m in modules.items()]

    @staticmethod
    def _hook(name: str, found: dict[str, torch.Tensor]) -> Callable[..., None]:
        def keep(module: nn.Module, inputs: object, output: torch.Tensor) -> None:
            found[name] = output.clone()

        return keep

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        for handle in self._handles:
            handle.remove()


def _floats(crops: Image) -> torch.Tensor:
    return torch.from_numpy(crops).permute(0, 3, 1, 2).float().contiguous()


def _channels_last(found: dict[str, torch.Tensor]) -> dict[str, Array]:
    return {k: (t.permute(0, 2, 3, 1) if t.ndim == 4 else t).numpy() for k, t in found.items()}


def _need_tensorflow() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        import tensorflow  # noqa: F401
    except ImportError as e:
        raise UserError(f"This proof needs TensorFlow; install it: {install('tensorflow')}") from e
