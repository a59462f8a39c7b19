"""A branch: the actions get copies of the last stages for themselves and learn alone.

All other outputs, and what they were measured to be, stay exactly as they are; and the copies need to serve nothing
but the actions. The shared stages are not trained, so that a crop takes half the time.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from expnet_live.core.arkit import N_BLENDSHAPES
from expnet_live.core.errors import UserError
from expnet_live.networks.checkpoint import load_weights
from expnet_live.networks.expnet import ExpNet
from expnet_live.networks.resnet import Conv
from expnet_live.research.training.actions.loop import Batch, begin, learn
from expnet_live.research.training.actions.losses import action_loss
from expnet_live.research.training.actions.material import Material
from expnet_live.research.training.actions.options import TuneConfig
from expnet_live.research.training.precision import mixed


def branched(net: ExpNet, stages: int) -> ExpNet:
    """`net` with copies of its last `stages` for the actions; it predicts the same.

    Raises UserError if it has no actions, or a branch already.
    """
    config = net.config
    if list(config.outputs)[-1] != "blendshapes" or config.branch:
        raise UserError("--branch needs weights that predict the actions without a branch; choose others for --init.")
    if stages > (most := len(config.backbone.blocks)):
        raise UserError(f"The network has {most} stages, and --branch copies {stages}; choose fewer.")
    split = ExpNet(replace(config, branch=stages))
    state, n = net.state_dict(), N_BLENDSHAPES
    for name in list(state):
        stage = name.removeprefix("backbone.stages.")
        if stage.split(".")[0] in split.branch:
            state[f"branch.{stage}"] = state[name]
    for part in ("weight", "bias"):
        rows = state[f"fc.{part}"]
        state[f"fc.{part}"], state[f"branch_fc.{part}"] = rows[:-n], rows[-n:]
    split.load_state_dict({name: value.clone() for name, value in state.items()})
    return split


@torch.no_grad()
def rescale(module: nn.Module) -> None:
    """Give all kernels the norm of He's initialisation; normalisations undo it, so the outputs stay.

    Long training has let kernels grow, and a step moves a long kernel little.
    """
    for conv in (m for m in module.modules() if isinstance(m, Conv)):
        weight = conv.conv.weight
        factor = (2 / weight[0].numel()) ** 0.5 / weight.square().mean().sqrt()
        weight *= factor
        conv.bn.running_mean *= factor
        conv.bn.running_var *= factor**2


def learn_branch(material: Material, init: Path, out: Path, config: TuneConfig) -> Path:
    """Train a branch, or go on with that of `init`; write `out`/expnet.safetensors, strengths.npz and log.csv."""
    device = begin(material, out, config)
    net, about = load_weights(init)
    if not net.config.branch:
        net = branched(net, config.branch)
        rescale(net.branch)
    net = net.to(device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
    unit = torch.from_numpy(material.units()[1]).to(device)
    first = net.config.n_outputs - N_BLENDSHAPES
    spread, offset = net.spread[first:], net.offset[first:]

    def losses(crops: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        with torch.autocast(device.type, torch.bfloat16, enabled=mixed(device)):
            with torch.no_grad():
                shared = net.shared(crops)
            said = net.actions(shared)
        told = action_loss(said.float() * spread + offset, batch, unit, config.group, config.shares)
        return told, told, torch.zeros(())

    def notes(crops: int) -> dict[str, Any]:
        return about | {"branch": asdict(config) | {"init": init.name}, "branch_crops": crops}

    return learn(net, _own, losses, material, out, config, init, notes)


def _own(net: ExpNet) -> nn.Module:
    """What the actions have for themselves."""
    assert net.branch_fc is not None
    return nn.ModuleList([net.branch, net.branch_fc])
