"""Trains the face finder, and writes its ONNX file.

The heat is learned with the penalty-reduced focal loss of CenterNet (Zhou et al. 2019, Objects as Points), the other
maps with the absolute error at and around a face's middle. Half way, scenes without people in which the network sees a
face are drawn more often.
"""

from __future__ import annotations

import logging
import pickle
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from expnet_live.core.errors import UserError
from expnet_live.core.signals import leave_stops, stopping
from expnet_live.core.types import Array, Image
from expnet_live.research.training.actions.material import Material
from expnet_live.research.training.finder.export import write_onnx
from expnet_live.research.training.finder.network import FinderNet
from expnet_live.research.training.finder.options import FinderConfig
from expnet_live.research.training.finder.pictures import Composer, Faces, FinderPictures
from expnet_live.research.training.optimizer import Optimizer
from expnet_live.research.training.photos import bytes_of
from expnet_live.research.training.progress import CHECKPOINT, Ema, Progress, settings_of
from expnet_live.research.training.train import schedule

log = logging.getLogger(__name__)

_SHOW = 200  # steps
_ROUNDS = 4  # between two of them, the hard scenes are looked for
_SPARSE = 32  # px between those of a scene that tell it from others
_HARD = 0.1  # share of the scenes that are hard
# Weights of the maps: offset, size, roll, points.
_WEIGHTS = torch.tensor([1, 1, 2, 1, 1, *[2] * 6], dtype=torch.float32)[None, :, None, None]
_LARGE = 0.1  # of a face's side: a middle that is off by less counts less


def train_finder(material: Material, scenes: Image, out: Path, config: FinderConfig) -> Path:
    """Train, and write `out`/finder.onnx (the running mean of the weights), finder.pt, log.csv, and the checkpoint from
    which it goes on. Ctrl-C writes one after the step that runs, and raises KeyboardInterrupt."""
    torch.manual_seed(config.seed)
    torch.set_num_threads(config.threads)
    out.mkdir(parents=True, exist_ok=True)
    net = FinderNet().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if config.init:
        try:
            net.load_state_dict(torch.load(config.init, weights_only=True)["weights"])
        except (OSError, RuntimeError, EOFError, KeyError, TypeError, pickle.UnpicklingError) as e:
            raise UserError(f"{config.init} is no finder.pt of a training; choose another file for --init.") from e
    data = bytes_of("\n".join(map(str, material.shelf.key[material.used]))) + scenes[:, ::_SPARSE, ::_SPARSE].tobytes()
    settings = settings_of(config, Path(config.init) if config.init else None, data)
    optimizer = Optimizer(net, config.lr, config.weight_decay)
    progress = Progress(net, optimizer, Ema(net, config.ema), settings, out / CHECKPOINT)
    progress.resume(torch.device("cpu"))
    composer = Composer(Faces(material), scenes)
    with stopping() as stop, tqdm(total=config.samples, initial=progress.done, unit="picture", mininterval=10) as bar:
        for pictures, maps in _batches(composer, net, progress, config):
            over = progress.over(config.samples, config.minutes)
            if progress.done and over >= 1:
                break
            optimizer.set_lr(config.lr * schedule(min(over, 1.0), config.warmup))
            net.train()
            heat, rest = loss_of(net(pictures.float()), maps)
            optimizer.zero_grad()
            (heat + rest).backward()
            nn.utils.clip_grad_norm_(net.parameters(), 10.0)
            optimizer.step()
            losses = {"heat": float(heat.detach()), "others": float(rest.detach())}
            progress.step(losses, progress.done + len(pictures))
            bar.update(len(pictures))
            if progress.steps == _SHOW:
                _keep(progress, out, config)
            if stop.is_set():
                progress.stop()
    if progress.steps:
        _keep(progress, out, config)
    return out / "finder.onnx"


def _batches(
    composer: Composer, net: FinderNet, progress: Progress, config: FinderConfig
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Batches of pictures; before each round but the first, the scenes that are hard for the network are found."""
    count = max(config.samples // _ROUNDS, 1)
    for turn in range(progress.done // count, _ROUNDS):
        start, end = max(turn * count, progress.done), (turn + 1) * count
        if turn or config.init:
            if start == turn * count or "hard" not in progress.extra:
                progress.extra["hard"] = torch.from_numpy(hard_scenes(composer, net))
            composer.hard = progress.extra["hard"].numpy()
        yield from DataLoader(
            FinderPictures(composer, range(start, end), config.seed), config.batch, num_workers=config.workers,
            prefetch_factor=4 if config.workers else None, worker_init_fn=leave_stops,
        )  # fmt: skip


@torch.no_grad()
def hard_scenes(composer: Composer, net: FinderNet) -> Array:
    """The scenes in which the network is surest of a face."""
    net.eval()
    scores = np.array([float(net(torch.from_numpy(s)[None].float())[:, 0].max()) for s in composer.all_scenes()])
    hard = np.argsort(-scores)[: max(1, int(_HARD * len(scores)))]
    log.info("log-odds of a face in the hardest scenes: %.2f to %.2f", scores[hard[0]], scores[hard[-1]])
    return hard


def loss_of(said: torch.Tensor, maps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The losses of the heat and of the other maps: said (N, CHANNELS, H, W), maps (N, CHANNELS + 1, H, W)."""
    target, weight = maps[:, 0], maps[:, -1:]
    found = target == 1
    near, far = nn.functional.logsigmoid(said[:, 0]), nn.functional.logsigmoid(-said[:, 0])
    chance = near.exp()
    heat = torch.where(found, (1 - chance) ** 2 * near, (1 - target) ** 4 * chance**2 * far)
    count = found.sum().clamp(min=1)
    error = (said[:, 1:] - maps[:, 1:-1]).abs() * _WEIGHTS
    # An offset is in cells; that of a large face matters in relation to its size.
    side = maps[:, 3:4].exp()
    offset = error[:, :2] / (_LARGE * side).clamp(min=1)
    rest = ((offset.sum(1, keepdim=True) + error[:, 2:].sum(1, keepdim=True)) * weight).sum()
    return -heat.sum() / count, rest / count


def _keep(progress: Progress, out: Path, config: FinderConfig) -> None:
    """Write the losses into the log, the running mean of the weights, and the checkpoint."""
    progress.log("pictures", {"seconds": round(progress.seconds), **progress.take_losses()})
    weights = progress.ema.state
    torch.save({"weights": weights, "config": asdict(config), "pictures": progress.done}, out / "finder.pt")
    net = FinderNet()
    net.load_state_dict(weights)
    write_onnx(net, out / "finder.onnx")
    progress.save()
