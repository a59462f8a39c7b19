"""The loop of training on labelled pictures: batches, steps, the running mean of the weights, and the log."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from expnet_live.core.errors import UserError
from expnet_live.core.signals import leave_stops, stopping
from expnet_live.heads.face_model import FaceModel
from expnet_live.networks.checkpoint import save_weights
from expnet_live.networks.expnet import ExpNet
from expnet_live.networks.runtime import pick_device
from expnet_live.research.training.actions.dataset import ActionDataset
from expnet_live.research.training.actions.groups import GroupDraws
from expnet_live.research.training.actions.material import Material
from expnet_live.research.training.actions.options import TuneConfig
from expnet_live.research.training.optimizer import Optimizer
from expnet_live.research.training.photos import bytes_of
from expnet_live.research.training.progress import CHECKPOINT, WEIGHTS, Ema, Progress, settings_of
from expnet_live.research.training.train import schedule

_SHOW = 8000  # crops

Batch = dict[str, torch.Tensor]
# Of crops (N, 3, S, S) and their batch: the loss to minimise, and for the log that of the actions and that of all else.
Losses = Callable[[torch.Tensor, Batch], tuple[torch.Tensor, torch.Tensor, torch.Tensor]]


def begin(material: Material, out: Path, config: TuneConfig) -> torch.device:
    """Make `out` with strengths.npz, and return the device to train on. Raises UserError if there is no whole batch."""
    if config.batch % config.group or config.samples < config.batch:
        raise UserError(
            f"A batch of {config.batch} must hold whole groups of {config.group}, and {config.samples} samples a whole "
            "batch; choose other values for --batch, --group or --samples."
        )
    torch.manual_seed(config.seed)
    device = torch.device(pick_device(config.device, by_torch=True))
    if device.type == "cpu":
        torch.set_num_threads(config.threads)
    out.mkdir(parents=True, exist_ok=True)
    material.strengths.save(out / "strengths.npz")
    return device


def learn(
    net: ExpNet,
    part: Callable[[ExpNet], nn.Module],
    losses: Losses,
    material: Material,
    out: Path,
    config: TuneConfig,
    init: Path,
    notes: Callable[[int], dict[str, Any]],
) -> Path:
    """Train that part of `net`, and write `out`/expnet.safetensors with the running mean of its weights, log.csv, and
    the checkpoint from which it goes on. Ctrl-C writes one after the step that runs, and raises KeyboardInterrupt.

    `init` has the weights of the beginning; `notes` are those about the weights, by the number of crops.
    """
    learned, result = part(net), out / WEIGHTS
    device = next(net.parameters()).device
    data = material.targets.values.tobytes() + bytes_of("\n".join(map(str, material.shelf.key[material.used])))
    settings = settings_of(config, init, data)
    optimizer, ema = Optimizer(learned, config.lr, config.weight_decay), Ema(learned, config.ema)
    progress = Progress(learned, optimizer, ema, settings, out / CHECKPOINT)
    progress.resume(device)

    def keep() -> None:
        progress.log("crops", {"seconds": round(progress.seconds), **progress.take_losses()})
        averaged = deepcopy(net)
        part(averaged).load_state_dict(ema.state)
        save_weights(averaged, result, notes(progress.done), half=True)
        progress.save()

    with stopping() as stop, tqdm(total=config.samples, initial=progress.done, unit="crop", mininterval=5) as bar:
        for loaded in _batches(material, net.config.crop_size, config, progress.done, pin=device.type == "cuda"):
            over = progress.over(config.samples, config.minutes)
            if progress.done and over >= 1:
                break
            batch = {n: v.to(device, non_blocking=True) for n, v in loaded.items()}
            optimizer.set_lr(config.lr * schedule(min(over, 1.0), config.warmup))
            learned.train()
            progress.reseed(config.seed)
            loss, told, other = losses(batch["image"].float().contiguous(memory_format=torch.channels_last), batch)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(learned.parameters(), 5.0)
            optimizer.step()
            before, done = progress.done, progress.done + config.batch
            progress.step({"actions": float(told.detach()), "others": float(other.detach())}, done)
            bar.update(config.batch)
            if done // _SHOW > before // _SHOW:
                keep()
            if stop.is_set():
                progress.stop()
    if progress.steps:
        keep()
    return result


def _batches(material: Material, size: int, config: TuneConfig, start: int, *, pin: bool) -> DataLoader[Batch]:
    """Batches of crops of `size` px, as ActionDataset makes them, from number `start` on."""
    m, person, rows = material, material.person, np.flatnonzero(material.used)
    data = ActionDataset(m.shelf, rows, m.targets, m.made, m.clip, FaceModel.load(), size, person)
    draws = GroupDraws(material.draws(config), person[rows], config.group, config.samples, config.seed, start)
    return DataLoader(
        data, config.batch, sampler=draws, num_workers=config.workers, drop_last=True,
        prefetch_factor=4 if config.workers else None, pin_memory=pin,
        worker_init_fn=leave_stops,
    )  # fmt: skip
