"""Trains ExpNet: the loop, checkpoints, validation on held-out people, export."""

from __future__ import annotations

import json
import logging
import math
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Sampler
from tqdm import tqdm

from expnet_live.core.errors import UserError
from expnet_live.core.signals import leave_stops, stopping
from expnet_live.core.types import Array
from expnet_live.heads.face_model import FaceModel
from expnet_live.networks.architecture import ARCHITECTURES
from expnet_live.networks.checkpoint import load_weights, save_weights
from expnet_live.networks.expnet import ExpNet
from expnet_live.networks.runtime import pick_device
from expnet_live.research.training.augment import AugmentConfig
from expnet_live.research.training.blend import blended
from expnet_live.research.training.calibration import calibrate
from expnet_live.research.training.crops import CropSet
from expnet_live.research.training.dataset import FaceDataset, plain_batches, sample_weights
from expnet_live.research.training.losses import ExpNetLoss, dense_error
from expnet_live.research.training.optimizer import Optimizer
from expnet_live.research.training.options import TrainConfig
from expnet_live.research.training.photos import bytes_of
from expnet_live.research.training.precision import mixed
from expnet_live.research.training.progress import CHECKPOINT, WEIGHTS, Ema, Progress, settings_of

log = logging.getLogger(__name__)


class RandomDraws(Sampler[tuple[int, int]]):
    """Weighted draws with a running number from `start` to `stop`: the same after each resumption."""

    def __init__(self, weights: Array, start: int, stop: int, seed: int, rank: int = 0, world: int = 1) -> None:
        self.p = weights / weights.sum()
        self.start, self.seed, self.rank, self.world = start, seed, rank, world
        # As many for each process: with a batch more, one would wait for the others for ever.
        self.stop = start + max(stop - start, 0) // world * world

    def __len__(self) -> int:
        return (self.stop - self.start) // self.world

    def __iter__(self) -> Iterator[tuple[int, int]]:
        block = 4096
        cumulative = np.cumsum(self.p)
        for b in range(self.start // block, -(-self.stop // block)):
            u = np.random.default_rng((self.seed, b)).random(block)
            for k, i in enumerate(np.searchsorted(cumulative, u).clip(max=len(self.p) - 1)):
                n = b * block + k
                if self.start <= n < self.stop and n % self.world == self.rank:
                    yield int(i), n


@contextmanager
def first_alone(device: str) -> Iterator[None]:
    """Let the first of torchrun's processes run the block before the others enter.

    So shared files are made only once.
    """
    rank, world = _join(device)
    if rank > 0:
        torch.distributed.barrier()
    yield
    if rank == 0 and world > 1:
        torch.distributed.barrier()


def _join(device: str) -> tuple[int, int]:
    """The rank of this torchrun process and their number, after synchronising with the others."""
    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    if world > 1 and not torch.distributed.is_initialized():
        chosen = _device(device, int(os.environ.get("LOCAL_RANK", 0)))
        if chosen.type == "cuda":
            torch.cuda.set_device(chosen)
        # The others wait while the first finds the landmarks of all photos, which takes hours.
        torch.distributed.init_process_group("nccl" if chosen.type == "cuda" else "gloo", timeout=timedelta(days=2))
    return rank, world


def train(train_set: CropSet, valid_set: CropSet, model: FaceModel, out: Path, config: TrainConfig) -> Path:
    """Train, and write `out`/expnet.safetensors (best on `valid_set`), log.csv and checkpoint.pt.

    It resumes from the checkpoint if there is one, and ends with the weights of an uninterrupted run. Ctrl-C writes one
    after the step that runs, and raises KeyboardInterrupt. With a `config.blend` below 1, the result is
    `out`/blend.safetensors. The result is calibrated at the end.

    Raises UserError if the checkpoint is of a training with other crops or options, apart from its length, or if there
    is no whole batch, or none that torchrun's processes can share.
    """
    if config.samples < config.batch:
        raise UserError(f"{config.samples} samples are no whole batch of {config.batch}; give more with --samples.")
    rank, world = _join(config.device)
    if config.batch % world:
        raise UserError(f"{world} processes cannot share a batch of {config.batch}; give a multiple with --batch.")
    device = _device(config.device, int(os.environ.get("LOCAL_RANK", 0)))
    torch.manual_seed(config.seed)
    if device.type == "cpu":
        torch.set_num_threads(config.threads)
    out.mkdir(parents=True, exist_ok=True)
    net = _network(train_set, model, config).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    loss_of = ExpNetLoss(model).to(device)
    optimizer = Optimizer(net, config.lr, config.weight_decay)
    data = train_set.expression.tobytes() + bytes_of("\n".join(map(str, train_set.key)))
    settings = settings_of(config, config.init, data)
    progress = Progress(net, optimizer, Ema(net, config.ema), settings, out / CHECKPOINT)
    progress.resume(device)
    pictures = FaceDataset(train_set, model, net.config.crop_size, AugmentConfig(), config.seed)
    draws = RandomDraws(sample_weights(train_set), progress.done, config.samples, config.seed, rank, world)
    loader = DataLoader(
        pictures,
        config.batch // world,
        sampler=draws,
        num_workers=config.workers,
        drop_last=True,
        pin_memory=device.type == "cuda",
        prefetch_factor=6 if config.workers else None,
        worker_init_fn=leave_stops,
    )
    wrapped: nn.Module = DistributedDataParallel(net) if world > 1 else net
    half = mixed(device)

    def check() -> None:
        averaged = _averaged(net, progress.ema, device)
        _keep(progress, averaged, validate(averaged, valid_set, model, loss_of, device), out, config)

    whole = tqdm(total=config.samples, initial=progress.done, unit="crop", disable=rank > 0, mininterval=5)
    with stopping() as stop, whole as bar:
        for batch in loader:
            before, done = progress.done, min(progress.done + config.batch, config.samples)
            optimizer.set_lr(config.lr * schedule(before / config.samples, config.warmup))
            batch = {k: v.to(device, non_blocking=True) for k, v in batch.items()}
            image = batch.pop("image").float().contiguous(memory_format=torch.channels_last)
            net.train()
            progress.reseed(config.seed, rank)
            with torch.autocast(device.type, torch.bfloat16, enabled=half):
                result = wrapped(image)
            total, parts = loss_of(net.split(result.float()), batch)
            optimizer.zero_grad()
            total.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            optimizer.step()
            progress.step(parts, done)
            bar.update(done - before)
            crossed = done // config.validate_every > before // config.validate_every
            if rank == 0 and (crossed or done >= config.samples):
                check()
            if _all_hear(stop.is_set(), device):
                if rank == 0:
                    progress.stop()
                raise KeyboardInterrupt
        if rank == 0 and progress.steps:
            check()
    result = out / WEIGHTS
    if rank > 0:
        return result
    if config.init is not None and config.blend < 1:
        result = _blend(config.init, result, config.blend, out / "blend.safetensors")
    final, about = load_weights(result)
    calibrate(final, train_set, model)
    save_weights(final, result, about, half=True)
    return result


def _blend(old: Path, new: Path, share: float, out: Path) -> Path:
    """Write the mean of two networks' parameters, with this weight for the new one."""
    (a, _), (b, about) = load_weights(old), load_weights(new)
    about = {k: v for k, v in about.items() if k != "validation"}  # it belongs to the new one alone
    save_weights(blended(a, b, share), out, about, half=True)
    return out


def _device(name: str, local_rank: int) -> torch.device:
    device = pick_device(name, by_torch=True)
    return torch.device("cuda", local_rank) if device == "cuda" else torch.device(device)


def _network(train_set: CropSet, model: FaceModel, config: TrainConfig) -> ExpNet:
    """Random weights, or those of `config.init` as far as they fit."""
    architecture = replace(
        ARCHITECTURES[config.architecture](model.n_identity, model.n_expression), dropout=config.dropout
    )
    net = ExpNet(architecture)
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out")
    nn.init.normal_(net.fc.weight, std=0.01)
    nn.init.zeros_(net.fc.bias)
    if config.init is not None:
        other, _ = load_weights(config.init)
        mine = net.state_dict()
        known = {k: v for k, v in other.state_dict().items() if k in mine and v.shape == mine[k].shape}
        net.load_state_dict(known, strict=False)
        return net
    offset = torch.zeros(sum(architecture.outputs.values()))
    part = net.split(offset[None])
    # Wide crops give the size of a face in a network's crop.
    part["view"][0, 0] = math.log(1 / 220.0)
    part["expression"][0] = torch.from_numpy(train_set.expression.mean(0))
    spread = torch.ones_like(offset)
    spread_part = net.split(spread[None])
    spread_part["rotation"][:] = 0.25
    spread_part["view"][:] = 0.12
    spread_part["gaze"][:] = 0.2
    net.offset.copy_(offset)
    net.spread.copy_(spread)
    return net


def schedule(progress: float, warmup: float) -> float:
    """Linear warm-up, then a cosine to almost zero."""
    if progress < warmup:
        return progress / warmup
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (progress - warmup) / (1 - warmup)))


def _averaged(net: ExpNet, ema: Ema, device: torch.device) -> ExpNet:
    """The network with the moving averages, for use."""
    averaged = ExpNet(net.config)
    averaged.load_state_dict(ema.state)
    averaged.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return averaged.eval()


def _keep(progress: Progress, averaged: ExpNet, figures: Mapping[str, float], out: Path, config: TrainConfig) -> None:
    """Write `figures` of a validation into the log, the weights if they are the best so far, and the checkpoint."""
    losses = {f"train_{name}": loss for name, loss in progress.take_losses().items()}
    progress.log("crops", {"time": round(time.time()), **losses, **figures})
    log.info("%d crops: dense error %.3f %%, mean R2 %.3f", progress.done, figures["dense_error"], figures["r2_mean"])
    score = figures["dense_error"] + 10 * (1 - figures["r2_mean"])
    if score < progress.best:
        progress.best = score
        # Only the name of `init`: weights are published, and a path would reveal details of the machine.
        training = json.loads(json.dumps(asdict(config), default=lambda path: path.name))
        about = {"training": training, "crops": progress.done, "validation": dict(figures)}
        save_weights(averaged, out / WEIGHTS, about, half=True)
    progress.save()


def _all_hear(stop: bool, device: torch.device) -> bool:
    """Whether one of torchrun's processes is to stop: then all do, after the same step."""
    if not torch.distributed.is_initialized():
        return stop
    heard = torch.tensor(float(stop), device=device)
    torch.distributed.all_reduce(heard, torch.distributed.ReduceOp.MAX)
    return bool(heard)


@torch.inference_mode()
def validate(
    net: ExpNet, crops: CropSet, model: FaceModel, loss_of: ExpNetLoss, device: torch.device, limit: int = 1500
) -> dict[str, float]:
    """Dense error (%) and R2 of the coefficients on plain crops, and the dense error with faces of 28 px."""
    size = net.config.crop_size
    errors: list[torch.Tensor] = []
    errors28: list[torch.Tensor] = []
    said: list[torch.Tensor] = []
    truth: list[torch.Tensor] = []
    for target in plain_batches(crops, model, size, limit):
        target = {k: v.to(device) for k, v in target.items()}
        image = target.pop("image")
        small = nn.functional.interpolate(image, size=28 * size // 85, mode="area")
        for x, into in (image, errors), (nn.functional.interpolate(small, size=size, mode="bilinear"), errors28):
            with torch.autocast(device.type, torch.bfloat16, enabled=mixed(device)):
                out = net(x.contiguous(memory_format=torch.channels_last))
            part = net.split(out.float())
            into.append(dense_error(loss_of.points(part), target["points"]).cpu())
            if into is errors:
                said.append(part["expression"].cpu())
                truth.append(target["expression"].cpu())
    t, s = torch.cat(truth), torch.cat(said)
    r2 = 1 - (t - s).square().sum(0) / (t - t.mean(0)).square().sum(0)
    named = {f"r2_{n}": float(r2[model.index(n)]) for n in ("jawOpen", "mouthSmileLeft", "eyeBlinkLeft")}
    return {
        "dense_error": float(torch.cat(errors).mean()),
        "dense_error_28px": float(torch.cat(errors28).mean()),
        "r2_mean": float(r2.mean()),
        "r2_min": float(r2.min()),
    } | named
