"""Actions at full strength: trained on squared errors, a network predicts values that are too small when uncertain.

A linear map for each action, fitted on photos of held-out people, undoes this, as far as the noise allows, which it
amplifies too. It becomes part of the last layer's units, so it costs nothing at run time.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from expnet_live.core.arkit import INDEX, MIRROR, N_BLENDSHAPES
from expnet_live.core.types import Array
from expnet_live.networks.checkpoint import Weights, load_weights, save_weights
from expnet_live.networks.runtime import ready
from expnet_live.research.training.actions.material import BLURRED, Material
from expnet_live.research.training.actions.shelf import MAX_SPREAD
from expnet_live.research.training.actions.targets import DOUBTFUL
from expnet_live.research.training.dataset import plain_crops

_MOST = 1.5  # largest factor
_MOST_MADE = 2.5  # the same for actions that synthetic pictures show better than photos
_LEAST_R, _GOOD_R, _LEAST_SD = 0.4, 0.8, 0.03
_MADE = 1000  # number of synthetic pictures used
_BATCH = 64


def strengthen(path: Path, material: Material, out: Path) -> tuple[Array, Array]:
    """Write the network in `path` with outputs of full strength to `out`; return slopes and offsets (52,)."""
    net, about = load_weights(path)
    shelf = material.shelf
    photos = ~material.used & ~material.clip & ~material.made & (shelf.spread < MAX_SPREAD)
    rows = np.flatnonzero(photos & ~np.isin(shelf.collection, BLURRED))
    first = net.config.n_outputs - N_BLENDSHAPES
    run = ready(Weights.read(path), "cpu", 1)

    def said_of(rows: Array) -> Array:
        crops = plain_crops(shelf.picture, rows, net.config.crop_size)
        return np.concatenate([run(crops[i : i + _BATCH])[:, first:] for i in range(0, len(crops), _BATCH)])

    slope, offset = np.ones(N_BLENDSHAPES, np.float32), np.zeros(N_BLENDSHAPES, np.float32)
    if len(rows):
        slope, offset = lines(said_of(rows), material.targets.values[rows])
    made = np.flatnonzero(material.made)
    if len(made):
        made = np.random.default_rng(6).permutation(made)[:_MADE]
        # Not those that only synthetic pictures show: made stronger, an open mouth gets a tongue.
        better = [INDEX[name] for name in DOUBTFUL]
        slope[better] = lines(said_of(made), material.targets.values[made], most=_MOST_MADE)[0][better]
        offset[better] = 0
    a, b = torch.from_numpy(slope), torch.from_numpy(offset)
    net.spread[first:] *= a
    net.offset[first:] = net.offset[first:] * a + b
    save_weights(net, out, about, half=True)
    return slope, offset


def lines(said: Array, truth: Array, most: float | None = None) -> tuple[Array, Array]:
    """Slopes and offsets (52,), equal for left and right, that give `said` (N, 52) the gain of `truth`.

    A slope is at most `most`, or 1.5, and less for poorly predicted actions.
    """
    said, truth = (np.concatenate([v, v[:, MIRROR]]) for v in (said, truth))
    s, t = said - said.mean(0), truth - truth.mean(0)
    both, own, other = (s * t).sum(0), (t**2).sum(0), (s**2).sum(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        r, gain = both / np.sqrt(own * other), both / own
        sure = (truth.std(0) > _LEAST_SD) & (r > _LEAST_R)
        limit = most or np.clip(1 + (_MOST - 1) * (r - _LEAST_R) / (_GOOD_R - _LEAST_R), 1, _MOST)
        slope = np.where(sure, np.clip(1 / gain, 1, limit), 1)
    offset = np.where(sure, truth.mean(0) - slope * said.mean(0), 0)
    return slope.astype(np.float32), offset.astype(np.float32)
