"""Imports the release's downloaded files as safetensors and npz into the user's data folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from expnet_live.core.errors import UserError
from expnet_live.core.types import Array
from expnet_live.official import basel_files, variables, weights
from expnet_live.official.checkpoint import read_checkpoint
from expnet_live.official.pickles import load_npy, load_npz
from expnet_live.official.posenet import N_POSE
from expnet_live.official.sources import Source, check_file
from expnet_live.official.store import PARTS, Made, Origin, Store

CHECKPOINTS = {
    "expression": "ini_exprNet_model.ckpt",
    "shape": "ini_ShapeTextureNet_model.ckpt",
    "pose": "model_0_1.0_1.0_1e-07_1_16000.ckpt",
}
MEAN_IMAGE = "3DMM_shape_mean.npy"
ALEXNET = "PAM_frontal_ALexNet.npy"
POSE_PIXELS = "perturb_Oxford_train_imgs_mean.npz"
POSE_LABELS = "perturb_Oxford_train_labels_mean_std.npz"

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Request:
    """What to import: folders of the unpacked archives, and the Basel Face Model.

    `bfm` is `BaselFaceModel_mod.mat`, or with `basis`, 3DDFA's files, the original `01_MorphableModel.mat`.
    """

    expression: Path | None = None
    shape: Path | None = None
    pose: Path | None = None
    bfm: Path | None = None
    basis: Sequence[Path] = ()


def run_import(request: Request, store: Store | None = None, tell: Tell = lambda text: None) -> list[str]:
    """Import, and return the keys of the imported parts. Raises UserError, after which nothing has changed."""
    sources = _sources(request)
    store = store or Store()
    with store.staging() as folder:
        made: dict[str, Made] = {}
        for kind, source in sources.items():
            tell(f"reading {PARTS[kind]}")
            net, origin = _pose(source) if kind == "pose" else _resnet(kind, sources)
            made[kind] = Made(folder / f"{kind}.safetensors", origin)
            with store.writing():
                weights.save(net, kind, made[kind].path, origin)
        bfm = _basel_file(request, sources.get("shape"))
        if bfm is not None:
            tell(f"reading {PARTS['bfm']}")
            basis = request.basis if request.bfm else ()
            arrays = basel_files.build_modified(bfm, basis) if basis else basel_files.read_modified(bfm)
            made["bfm"] = Made(folder / "bfm.npz", tuple(Origin.of(p) for p in (bfm, *basis)))
            with store.writing():
                arrays.save(made["bfm"].path)
        store.publish(made)
    return list(made)


def _sources(request: Request) -> dict[str, Source]:
    """Check every folder and file before the first long step."""
    if not (request.expression or request.shape or request.pose or request.bfm):
        raise UserError("There is nothing to import; give --expression, --shape, --pose or --bfm.")
    if request.basis and request.bfm is None:
        raise UserError("--expression-basis also needs the original model; give 01_MorphableModel.mat with --bfm.")
    wanted = {"expression": request.expression, "shape": request.shape, "pose": request.pose}
    sources = {kind: Source(path, f"the release's {PARTS[kind]}") for kind, path in wanted.items() if path is not None}
    for kind, source in sources.items():
        source.checkpoint(CHECKPOINTS[kind])
    for path in (*([request.bfm] if request.bfm else []), *request.basis):
        check_file(path)
    return sources


def _resnet(kind: str, sources: dict[str, Source]) -> tuple[nn.Module, tuple[Origin, ...]]:
    mean, origin = _mean_image(kind, sources)
    prefix = sources[kind].checkpoint(CHECKPOINTS[kind])
    net = variables.resnet(kind, read_checkpoint(prefix, variables.resnet_shapes(kind)), mean)
    return net, (*sources[kind].origin_of(prefix), origin)


def _mean_image(kind: str, sources: dict[str, Source]) -> tuple[Array, Origin]:
    """The mean image of the shape network, from its archive; both networks use it."""
    for source in (sources[kind], *sources.values()):
        path = source.find(MEAN_IMAGE)
        if path is not None:
            return _array(load_npy(path), variables.MEAN_SHAPE, str(path)), Origin.of(path)
    raise UserError(
        f"{MEAN_IMAGE} is in none of the folders; it comes with {PARTS['shape']}: also give that folder with --shape."
    )


def _pose(source: Source) -> tuple[nn.Module, tuple[Origin, ...]]:
    prefix = source.checkpoint(CHECKPOINTS["pose"])
    pixels, labels, alexnet = (source.file(name) for name in (POSE_PIXELS, POSE_LABELS, ALEXNET))
    mean = _entry(pixels, "train_mean_vec", 3)
    offset, spread = _entry(labels, "mean_labels", N_POSE), _entry(labels, "std_labels", N_POSE)
    # As in the release: first the values of AlexNet trained on faces, then those of the checkpoint over them.
    shapes = variables.pose_shapes()
    start = _alexnet(alexnet, shapes)
    values = start | read_checkpoint(prefix, shapes, optional=frozenset(start))
    origin = (*source.origin_of(prefix), *(Origin.of(p) for p in (pixels, labels, alexnet)))
    return variables.pose_net(values, mean, offset, spread), origin


def _alexnet(path: Path, shapes: dict[str, tuple[int, ...]]) -> dict[str, Array]:
    """The pickled layers conv1 to fc7, each with weights and biases, by the names of their variables."""
    layers = load_npy(path)
    if not isinstance(layers, dict):
        raise UserError(f"{path} does not contain the layers of an AlexNet; download it again.")
    values = {}
    for name, shape in shapes.items():
        layer, variable = name.split("/")[-2:]
        if layer == "fc8":
            continue
        key = "weights" if variable == "W" else "biases"
        try:
            value = layers[layer][key]
        except (KeyError, TypeError, IndexError) as e:
            raise UserError(f"{path} lacks {key} of the layer {layer}; download it again.") from e
        values[name] = _array(value, shape, f"{path}: {key} of {layer}")
    return values


def _basel_file(request: Request, shape: Source | None) -> Path | None:
    """The given file, else the one in the shape network's archive, if there is one."""
    return request.bfm or (None if shape is None else shape.find(basel_files.MODIFIED))


def _entry(path: Path, name: str, n: int) -> Array:
    values = load_npz(path)
    if name not in values:
        raise UserError(f"{path} lacks the array {name}; download it again.")
    return _array(np.ravel(values[name]), (n,), f"{path}: {name}")


def _array(value: Any, shape: tuple[int, ...], where: str) -> Array:
    try:
        array = np.asarray(value, np.float32)
    except (TypeError, ValueError) as e:
        raise UserError(f"{where} does not consist of numbers; download it again.") from e
    if array.shape != shape:
        raise UserError(f"{where} has the shape {array.shape}, not {shape}.")
    if not np.isfinite(array).all():
        raise UserError(f"{where} has values that are not finite; download it again.")
    return array
