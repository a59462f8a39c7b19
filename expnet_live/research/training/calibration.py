"""Corrects exaggeration: rare expressions are drawn up to four times as often, so ExpNet learns to exaggerate.

A linear map for each coefficient, fitted on evenly drawn training photos, undoes this. It becomes part of the last
layer's units, so it costs nothing at run time.
"""

from __future__ import annotations

import numpy as np
import torch

from expnet_live.core.types import Array
from expnet_live.heads.face_model import FaceModel
from expnet_live.networks.expnet import ExpNet
from expnet_live.research.training.crops import CropSet
from expnet_live.research.training.dataset import plain_batches


@torch.inference_mode()
def calibrate(net: ExpNet, crops: CropSet, model: FaceModel, limit: int = 6000) -> tuple[Array, Array]:
    """Change `net`'s units of expression; return slopes and offsets (29,), equal for left and right."""
    partner, sign = model.mirror_expression
    said, truth = [], []
    for part in plain_batches(crops, model, net.config.crop_size, limit):
        out = net(part["image"])
        said.append(net.split(out)["expression"].numpy())
        truth.append(part["expression"].numpy())
    x, t = np.concatenate(said), np.concatenate(truth)
    # Mirrored copies give both sides the same map.
    x, t = (np.concatenate([v, v[:, partner] * sign]) for v in (x, t))
    dx = x - x.mean(0)
    slope = (dx * t).sum(0) / (dx**2).sum(0)
    offset = t.mean(0) - slope * x.mean(0)
    a, b = torch.from_numpy(slope.astype(np.float32)), torch.from_numpy(offset.astype(np.float32))
    spread, middle = net.split(net.spread[None])["expression"][0], net.split(net.offset[None])["expression"][0]
    spread *= a
    middle *= a
    middle += b
    return slope, offset
