"""The loop of training on labelled pictures: batches, steps, the running mean of the weights, and the log."""

from __future__ import annotations

import csv
import time
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
from expnet_live.core.types import Array
from expnet_live.heads.face_model import FaceModel
from expnet_live.networks.checkpoint import save_weights
from expnet_live.networks.expnet import ExpNet
from expnet_live.networks.runtime import pick_device
from expnet_live.research.training.actions.dataset import ActionDataset
from expnet_live.research.training.actions.groups import GroupDraws
from expnet_live.research.training.actions.material import Material
from expnet_live.research.training.actions.options import TuneConfig
from expnet_live.research.training.optimizer import Optimizer
from expnet_live.research.training.progress import Ema
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
    device = torch.device(pick_device(config.device))
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
    device: torch.device,
    notes: Callable[[int], dict[str, Any]],
) -> Path:
    """Train that part of `net`, and write `out`/expnet.safetensors with the running mean of its weights, and log.csv.

    `notes` are those about the weights, by the number of crops.
    """
    learned = part(net)
    optimizer, ema = Optimizer(learned, config.lr, config.weight_decay), Ema(learned, config.ema)
    result, done, since, started = out / "expnet.safetensors", 0, np.zeros(2), time.perf_counter()
    with tqdm(total=config.samples, unit="crop", mininterval=5) as bar:
        for loaded in _batches(material, net.config.crop_size, config, device):
            batch = {n: v.to(device, non_blocking=True) for n, v in loaded.items()}
            over = _over(config, done, time.perf_counter() - started)
            optimizer.set_lr(config.lr * schedule(min(over, 1.0), config.warmup))
            learned.train()
            loss, told, other = losses(batch["image"].float().contiguous(memory_format=torch.channels_last), batch)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(learned.parameters(), 5.0)
            optimizer.step()
            ema.update(learned)
            before, done = done, done + config.batch
            since += float(told.detach()), float(other.detach())
            bar.update(config.batch)
            last = over >= 1 or done + config.batch > config.samples
            if last or done // _SHOW > before // _SHOW:
                steps = max(done // config.batch - before // _SHOW * _SHOW // config.batch, 1)
                _log(out / "log.csv", done, time.perf_counter() - started, since / steps)
                since = np.zeros(2)
                averaged = deepcopy(net)
                part(averaged).load_state_dict(ema.state)
                save_weights(averaged, result, notes(done), half=True)
            if last:
                break
    return result


def _over(config: TuneConfig, crops: int, seconds: float) -> float:
    """The share of the training that is over; 1 or more at its end."""
    by_clock = seconds / (60 * config.minutes) if config.minutes else 0.0
    return max(crops / config.samples, by_clock)


def _batches(material: Material, size: int, config: TuneConfig, device: torch.device) -> DataLoader[Batch]:
    """Batches of crops of `size` px, as ActionDataset makes them."""
    m, person, rows = material, material.person, np.flatnonzero(material.used)
    data = ActionDataset(m.shelf, rows, m.targets, m.made, m.clip, FaceModel.load(), size, person)
    draws = GroupDraws(material.draws(config), person[rows], config.group, config.samples, config.seed)
    return DataLoader(
        data, config.batch, sampler=draws, num_workers=config.workers, drop_last=True,
        prefetch_factor=4 if config.workers else None, pin_memory=device.type == "cuda",
    )  # fmt: skip


def _log(path: Path, crops: int, seconds: float, losses: Array) -> None:
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as f:
        writer = csv.writer(f)
        if new:
            writer.writerow(["crops", "seconds", "actions", "others"])
        writer.writerow([crops, round(seconds), *(f"{v:.4g}" for v in losses)])
