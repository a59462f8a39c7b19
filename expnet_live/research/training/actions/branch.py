"""A branch: the actions get copies of the last stages for themselves and learn alone.

All other outputs, and what they were measured to be, stay exactly as they are; and the copies need to serve nothing
but the actions. The shared stages are not trained, so that a crop takes half the time.
"""

from __future__ import annotations

import logging
import time
from copy import deepcopy
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from expnet_live.core.arkit import N_BLENDSHAPES
from expnet_live.core.errors import UserError
from expnet_live.networks.checkpoint import load_weights, save_weights
from expnet_live.networks.expnet import ExpNet
from expnet_live.networks.resnet import Conv
from expnet_live.networks.runtime import pick_device
from expnet_live.research.training.actions.fine_tune import Material, batches, note_losses
from expnet_live.research.training.actions.losses import action_loss
from expnet_live.research.training.actions.options import TuneConfig
from expnet_live.research.training.optimizer import Optimizer
from expnet_live.research.training.train import Ema, mixed, schedule

log = logging.getLogger(__name__)

_SHOW = 50_000  # crops


def branched(net: ExpNet, stages: int) -> ExpNet:
    """`net` with copies of its last `stages` for the actions; it predicts the same.

    Raises UserError if it has no actions, or a branch already.
    """
    config = net.config
    if list(config.outputs)[-1] != "blendshapes" or config.branch:
        raise UserError("--branch needs weights that predict the actions without a branch; choose others for --init.")
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
    torch.manual_seed(config.seed)
    device = torch.device(pick_device(config.device))
    if device.type == "cpu":
        torch.set_num_threads(config.threads)
    out.mkdir(parents=True, exist_ok=True)
    material.strengths.save(out / "strengths.npz")
    net, about = load_weights(init)
    if not net.config.branch:
        net = branched(net, config.branch)
        rescale(net.branch)
    net = net.to(device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
    learned = nn.ModuleList([net.branch, net.branch_fc])
    optimizer, ema = Optimizer(learned, config.lr, config.weight_decay), Ema(learned, config.ema)
    _, sd = material.units()
    unit, half = torch.from_numpy(sd).to(device), mixed(device)
    first = net.config.n_outputs - N_BLENDSHAPES
    spread, offset = net.spread[first:], net.offset[first:]
    result, done, since, started = out / "expnet.safetensors", 0, np.zeros(2), time.perf_counter()
    with tqdm(total=config.samples, unit="crop", mininterval=5) as bar:
        for loaded in batches(material, net.config.crop_size, config, device):
            batch = {n: v.to(device, non_blocking=True) for n, v in loaded.items()}
            optimizer.set_lr(config.lr * schedule(done / config.samples, config.warmup))
            learned.train()
            image = batch["image"].float().contiguous(memory_format=torch.channels_last)
            with torch.autocast(device.type, torch.bfloat16, enabled=half):
                with torch.no_grad():
                    shared = net.shared(image)
                said = net.actions(shared)
            loss = action_loss(said.float() * spread + offset, batch, unit, config.group, config.shares)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(learned.parameters(), 5.0)
            optimizer.step()
            ema.update(learned)
            before, done = done, done + config.batch
            since[0] += float(loss.detach())
            bar.update(config.batch)
            if done // _SHOW > before // _SHOW or done + config.batch > config.samples:
                note_losses(out / "log.csv", done, time.perf_counter() - started, since / (_SHOW / config.batch))
                since[:] = 0
                averaged = deepcopy(net)
                nn.ModuleList([averaged.branch, averaged.branch_fc]).load_state_dict(ema.state)
                notes = about | {"branch": asdict(config) | {"init": init.name}, "branch_crops": done}
                save_weights(averaged, result, notes, half=True)
    return result
