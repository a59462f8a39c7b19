"""Teaches the last layer alone the coefficients of another face model: a ridge regression on the features before it.

Everything else that the network says stays as it is. The network's own identity and the new expression together are to
give the labels' shape, so where it says another identity than the labels have, the expression makes up for it as far as
its components can.
"""

from __future__ import annotations

import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader
from tqdm import tqdm

from expnet_live.core.errors import UserError
from expnet_live.core.types import Array
from expnet_live.heads.face_model import FaceModel
from expnet_live.networks.checkpoint import load_weights, save_weights
from expnet_live.networks.expnet import ExpNet
from expnet_live.research.training.augment import AugmentConfig
from expnet_live.research.training.calibration import calibrate
from expnet_live.research.training.crops import CropSet
from expnet_live.research.training.dataset import FaceDataset, sample_weights
from expnet_live.research.training.options import ReadoutConfig
from expnet_live.research.training.precision import mixed
from expnet_live.research.training.train import RandomDraws

log = logging.getLogger(__name__)
_AUGMENT = AugmentConfig(negative=0.0, low_resolution=0.5, smallest_face=7.0)


def learn_readout(crops: CropSet, model: FaceModel, init: Path, out: Path, config: ReadoutConfig) -> Path:
    """Write the network in `init` to `out`/expnet.safetensors, with its expression in the components of `model`.

    `crops` have labels of `model`. Raises UserError if the network has another number of coefficients.
    """
    net, about = load_weights(init)
    parts = net.config.outputs
    if parts.get("expression") != model.n_expression or parts.get("identity") != model.n_identity:
        raise UserError(f"{init} has other coefficients than the face model; train it with 'expnet-live train expnet'.")
    torch.set_num_threads(config.threads)
    weight, bias = _ridge(*_moments(net, crops, model, config), config.ridge)
    rows = slice(0, model.n_expression)  # the expression comes first
    with torch.no_grad():
        spread, offset = net.spread[rows], net.offset[rows]
        net.fc.weight[rows] = torch.from_numpy(weight.astype(np.float32)) / spread[:, None]
        net.fc.bias[rows] = (torch.from_numpy(bias.astype(np.float32)) - offset) / spread
    slope, _ = calibrate(net, crops, model)
    log.info("slopes %.2f to %.2f undo what was drawn too often", slope.min(), slope.max())
    out.mkdir(parents=True, exist_ok=True)
    notes: dict[str, Any] = about | {"readout": asdict(config) | {"init": init.name}}
    save_weights(net, out / "expnet.safetensors", notes, half=True)
    return out / "expnet.safetensors"


def shape_error_to_expression(model: FaceModel, shape: float) -> Array:
    """The change of the expression (K, 29) that best makes up for each wrong identity component."""
    b, v = (basis.reshape(len(basis), -1).astype(np.float64) for basis in (model.expression, model.identity))
    per_point = shape * 3 / b.shape[1]
    return np.asarray(np.linalg.solve(per_point * b @ b.T + np.eye(len(b)), per_point * b @ v.T).T)


def _moments(net: ExpNet, crops: CropSet, model: FaceModel, config: ReadoutConfig) -> tuple[Array, Array]:
    """The second moments of features with a constant, (F + 1, F + 1), and theirs with the targets, (F + 1, 29)."""
    data = FaceDataset(crops, model, net.config.crop_size, _AUGMENT, config.seed)
    draws = RandomDraws(sample_weights(crops), 0, config.samples, config.seed)
    loader = DataLoader(data, config.batch, sampler=draws, num_workers=config.workers)
    n = net.config.n_features + 1
    own, cross, half = torch.zeros(n, n), torch.zeros(n, model.n_expression), mixed(torch.device("cpu"))
    makes_up = torch.from_numpy(shape_error_to_expression(model, config.shape).astype(np.float32))
    with torch.inference_mode(), tqdm(total=config.samples, unit="crop", mininterval=5) as bar:
        for batch in loader:
            image = batch["image"].float().contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                features = net.features(image)
            said = net.fc(features) * net.spread[: len(net.fc.bias)] + net.offset[: len(net.fc.bias)]
            first = model.n_expression
            wrong = batch["identity"] - said[:, first : first + model.n_identity]
            target = batch["expression"] + wrong @ makes_up
            features = torch.cat([features, torch.ones(len(features), 1)], 1)
            own += features.T @ features
            cross += features.T @ target
            bar.update(len(image))
    return own.double().numpy() / config.samples, cross.double().numpy() / config.samples


def _ridge(own: Array, cross: Array, ridge: float) -> tuple[Array, Array]:
    """Weights (29, F) and biases (29,) by ridge regression; the constant is not held back."""
    hold = np.full(len(own), ridge * np.trace(own[:-1, :-1]) / (len(own) - 1))
    hold[-1] = 0
    solved = np.linalg.solve(own + np.diag(hold), cross).T
    return solved[:, :-1], solved[:, -1]
