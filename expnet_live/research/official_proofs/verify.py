"""`expnet-live official verify`: the proofs that need none of the release's weights, one figure a line."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, groupby
from pathlib import Path

import cv2
import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.types import Array
from expnet_live.official.basel import BaselModel
from expnet_live.official.basel_files import read_modified
from expnet_live.official.crop import OfficialCrop
from expnet_live.official.listing import read_list
from expnet_live.research.official_proofs import proof, synthetic

CROP_BAR = 1.1  # grey levels
MESH_BAR = 1e-3  # mm


@dataclass(frozen=True)
class Figure:
    """What was measured, and what it must not exceed."""

    what: str
    value: float
    bar: float
    unit: str

    @property
    def holds(self) -> bool:
        return self.value <= self.bar


def run_verify(samples: Path | None) -> int:
    """Prints all figures; 1 when one does not hold. Raises UserError when TensorFlow is missing."""
    figures = chain([mesh_figure()], [] if samples is None else crop_figures(samples), network_figures())
    return 0 if min(_told(figure) for figure in figures) else 1


def _told(figure: Figure) -> bool:
    verdict = "holds" if figure.holds else "DOES NOT HOLD"
    print(f"{figure.what}: {figure.value:.3g} {figure.unit} (at most {figure.bar:g}): {verdict}", flush=True)
    return figure.holds


def network_figures() -> Iterator[Figure]:
    """Of each network the layer that differs most from TensorFlow's."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        found = sorted(proof.compare_networks(Path(folder) / "release"), key=lambda c: c.network)
        for network, group in groupby(found, key=lambda c: c.network):
            layers = list(group)
            worst = max(layers, key=lambda c: c.difference)
            what = f"{network} network, {len(layers)} layers against TensorFlow, the most in {worst.layer}"
            yield Figure(what, worst.difference, proof.BAR, "relative")


def crop_figures(samples: Path) -> Iterator[Figure]:
    """The release's own crops beside ours; `samples` holds its input.csv, images and crops."""
    for entry in read_list(samples / "input.csv"):
        image, theirs = (cv2.imread(str(p)) for p in (entry.path, samples / "crops" / f"{entry.id}.jpg"))
        if image is None or theirs is None:
            raise UserError(f"{entry.path} or the crop {entry.id}.jpg is not in {samples}; name the release's samples.")
        ours = OfficialCrop.of_box(entry.box).cut(image)
        error = float(np.abs(ours.astype(float) - theirs).mean())
        yield Figure(f"crop of {entry.id}", error, CROP_BAR, "grey levels")


def mesh_figure() -> Figure:
    """The mesh of a synthetic Basel model of the true sizes against the formula itself, in double precision."""
    rng = np.random.default_rng(0)
    bfm = synthetic.basel(rng)
    with tempfile.TemporaryDirectory() as folder:
        path = synthetic.save_modified(Path(folder), bfm)
        model = BaselModel(read_modified(path))
    alpha, eta = rng.standard_normal(99), rng.standard_normal(29)
    error = np.abs(model.shape_and_expression(alpha, eta) - formula(bfm, alpha, eta)).max()
    return Figure("mesh of the Basel model's size against the formula", float(error), MESH_BAR, "mm")


def formula(bfm: dict[str, Array], alpha: Array, eta: Array) -> Array:
    """S = shapeMU + shapePC (shapeEV alpha) + expMU + expPC (expEV eta), (N, 3)."""
    shape = bfm["shapeMU"] + bfm["shapePC"] @ (bfm["shapeEV"] * alpha)
    result: Array = (shape + bfm["expMU"] + bfm["expPC"] @ (bfm["expEV"] * eta)).reshape(-1, 3)
    return result
