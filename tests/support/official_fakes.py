"""An official release made of numbers of our own: as its authors' files are, and as imported."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from places import SHARED

from expnet_live.core.types import Array
from expnet_live.official import variables, weights
from expnet_live.official.basel_files import read_modified
from expnet_live.official.crop import SIDE_MM
from expnet_live.official.pose import CROP, FOCAL
from expnet_live.official.store import Made, Origin, Store
from expnet_live.research.official_proofs import synthetic

SAMPLES = SHARED / "data/official/samples"
HTML = b"<!DOCTYPE html>\n<html><head><title>Dropbox</title></head></html>"
# A face that looks into the camera from the distance at which it fills the crop as the release's do.
FRONTAL = np.array([0, 0, 0, 0, 0, FOCAL * SIDE_MM / CROP], np.float32)


def quick_variables(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
    """As tf_networks.random_variables, but of a few numbers repeated: making millions takes longer than the test."""
    noise = np.random.default_rng(0).standard_normal(9973).astype(np.float32)
    values = {}
    for name, shape in shapes.items():
        leaf = name.rsplit("/", 1)[1]
        if leaf in ("weights", "W"):
            values[name] = np.resize(noise, shape) * np.float32(np.sqrt(2 / np.prod(shape[:-1])))
        else:
            fixed = {"variance": 1.0, "scale": 0.3}.get(leaf, 0.0)
            values[name] = np.full(shape, fixed, np.float32)
    return values


def import_basel(store: Store) -> None:
    """The face model alone, which heads of sessions need."""
    folder = _made_in(store)
    bfm = synthetic.save_modified(folder, synthetic.basel(np.random.default_rng(0)))
    read_modified(bfm).save(folder / "bfm.npz")
    with store.staging():
        store.publish({"bfm": Made(folder / "bfm.npz", (Origin.of(bfm),))})


def import_fake(store: Store) -> None:
    """All parts, without TensorFlow; FacePoseNet always says FRONTAL."""
    import_basel(store)
    folder = _made_in(store)
    made = {}
    mean = np.full(variables.MEAN_SHAPE, 100, np.float32)
    nets = {
        "expression": variables.resnet("expression", quick_variables(variables.resnet_shapes("expression")), mean),
        "shape": variables.resnet("shape", quick_variables(variables.resnet_shapes("shape")), mean),
        "pose": variables.pose_net(
            quick_variables(variables.pose_shapes()), np.full(3, 0.4), FRONTAL, np.zeros(6, np.float32)
        ),
    }
    for kind in ("expression", "shape"):
        # Coefficients of about a standard deviation.
        nets[kind].fc.weight.data *= 0.02
    for kind, net in nets.items():
        origin = (Origin(f"{kind}.ckpt", "0" * 64),)
        made[kind] = Made(folder / f"{kind}.safetensors", origin)
        weights.save(net, kind, made[kind].path, origin)
    with store.staging():
        store.publish(made)


def _made_in(store: Store) -> Path:
    folder = store.folder.parent / "fake"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
