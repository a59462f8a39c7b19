"""Fine-tuning: a network learns ARKit's actions and preserves its other outputs.

All weights are trained. The targets of the other outputs are the network's predictions for the same pictures, before
augmentation, made during labelling; those of the Face Mesh points are the teacher's landmarks. The loss of an action
counts in standard deviations, so that all count alike.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from expnet_live.core.arkit import N_BLENDSHAPES
from expnet_live.core.types import Array
from expnet_live.heads.face_model import FaceModel
from expnet_live.networks.architecture import fine
from expnet_live.networks.checkpoint import load_weights
from expnet_live.networks.expnet import ExpNet
from expnet_live.research.training.actions.grow import grown
from expnet_live.research.training.actions.loop import Batch, begin, learn
from expnet_live.research.training.actions.losses import action_loss
from expnet_live.research.training.actions.material import Material
from expnet_live.research.training.actions.options import TuneConfig
from expnet_live.research.training.losses import ExpNetLoss, LossWeights
from expnet_live.research.training.precision import mixed


def fine_tune(material: Material, init: Path, out: Path, config: TuneConfig) -> Path:
    """Train, and write `out`/expnet.safetensors (the running mean of the weights), strengths.npz and log.csv."""
    device = begin(material, out, config)
    mean, sd = material.units()
    net = with_actions(init, mean, sd)
    if config.grow:
        net = grown(net, fine(net.config.outputs["identity"]).backbone)
    net = net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    kept = ExpNetLoss(FaceModel.load(), LossWeights(confidence=0)).to(device)
    unit = torch.from_numpy(sd).to(device)

    def losses(crops: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        with torch.autocast(device.type, torch.bfloat16, enabled=mixed(device)):
            said = net.split(net(crops).float())
        told = action_loss(said["blendshapes"], batch, unit, config.group, config.shares)
        other, _ = kept(said, {**batch, "face": batch["known"]})
        sure = nn.functional.binary_cross_entropy_with_logits(said["confidence"][:, 0], batch["face"])
        return config.actions * told + other + 0.5 * sure, told, other

    def notes(crops: int) -> dict[str, Any]:
        return {"fine_tuning": asdict(config) | {"init": init.name}, "crops": crops}

    return learn(net, lambda net: net, losses, material, out, config, init, notes)


def with_actions(init: Path, mean: Array, sd: Array) -> ExpNet:
    """The network in `init`; if it does not predict actions yet, it gets outputs for them, initialised to their
    mean.
    """
    old, _ = load_weights(init)
    if "blendshapes" in old.config.outputs:
        return old
    outputs = {**old.config.outputs, "blendshapes": N_BLENDSHAPES}
    net = ExpNet(replace(old.config, outputs=outputs, dropout=0.0))
    known, state = old.state_dict(), net.state_dict()
    for name, value in known.items():
        if value.shape == state[name].shape:
            state[name] = value.clone()
        else:
            state[name][: len(value)] = value
    n = old.config.n_outputs
    for name, values in (("fc.weight", 0.0), ("fc.bias", 0.0)):
        state[name][n:] = values
    state["spread"][n:], state["offset"][n:] = torch.from_numpy(sd), torch.from_numpy(mean)
    net.load_state_dict(state)
    return net
