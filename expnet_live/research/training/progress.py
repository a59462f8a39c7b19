"""How far a training is: its weights and their moving average, losses since the last validation, and the checkpoint."""

from __future__ import annotations

import csv
import json
import logging
import math
import pickle
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import nn

from expnet_live.core.errors import UserError
from expnet_live.core.files import replacing
from expnet_live.networks.checkpoint import save_weights
from expnet_live.networks.expnet import ExpNet
from expnet_live.research.training.optimizer import Optimizer
from expnet_live.research.training.options import TrainConfig

CHECKPOINT, WEIGHTS = "checkpoint.pt", "expnet.safetensors"

log = logging.getLogger(__name__)


class Ema:
    """Exponential moving average of a network's parameters and statistics."""

    def __init__(self, net: nn.Module, decay: float) -> None:
        self.decay, self.steps = decay, 0
        self.state = {k: v.detach().clone() for k, v in net.state_dict().items()}

    def update(self, net: nn.Module) -> None:
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for k, v in net.state_dict().items():
            if v.dtype.is_floating_point:
                self.state[k].lerp_(v.detach(), 1 - decay)
            else:
                self.state[k].copy_(v)


@dataclass(eq=False)
class Progress:
    """`done` crops, the `best` score of a validation, and the sums of the losses of the `steps` since the last one.

    `settings` are what a training that goes on must have in common with the one before.
    """

    net: ExpNet
    optimizer: Optimizer
    ema: Ema
    settings: Mapping[str, str]
    done: int = 0
    best: float = math.inf
    steps: int = 0
    losses: dict[str, float] = field(default_factory=dict)

    def resume(self, path: Path, device: torch.device) -> None:
        """Go on from a checkpoint, if there is one. Raises UserError if it is damaged or of another training."""
        if not path.exists():
            return
        try:
            saved = torch.load(path, map_location=device, weights_only=True)
        except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as e:
            raise UserError(f"{path} is damaged; delete it to begin anew, or choose another folder with --out.") from e
        was = saved.get("settings", self.settings)  # checkpoints of earlier versions do not tell
        if other := [name for name, value in self.settings.items() if was.get(name) != value]:
            raise UserError(
                f"{path} is of a training with other {', '.join(other)}; choose another folder with --out, or delete "
                "the file to begin anew."
            )
        self.net.load_state_dict(saved["net"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.ema.state, self.ema.steps = saved["ema"], saved["ema_steps"]
        self.done, self.best = int(saved["done"]), float(saved["best"])
        log.info("resuming at %d crops", self.done)

    def step(self, losses: Mapping[str, float], done: int) -> None:
        """Count a step of the optimizer, with its losses, after which `done` crops are seen."""
        self.ema.update(self.net)
        self.done, self.steps = done, self.steps + 1
        for name, loss in losses.items():
            self.losses[name] = self.losses.get(name, 0.0) + loss

    def averaged(self, device: torch.device) -> ExpNet:
        """The network with the moving averages, for use."""
        net = ExpNet(self.net.config)
        net.load_state_dict(self.ema.state)
        net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return net.eval()

    def keep(self, averaged: ExpNet, figures: Mapping[str, float], out: Path, config: TrainConfig) -> None:
        """Write `figures` of a validation into the log, the weights if they are the best so far, and the checkpoint."""
        losses = {f"train_{k}": v / self.steps for k, v in self.losses.items()}
        _log({"crops": self.done, "time": round(time.time()), **losses, **figures}, out / "log.csv")
        log.info("%d crops: dense error %.3f %%, mean R2 %.3f", self.done, figures["dense_error"], figures["r2_mean"])
        score = figures["dense_error"] + 10 * (1 - figures["r2_mean"])
        if score < self.best:
            self.best = score
            # Only the name of `init`: weights are published, and a path would reveal details of the machine.
            training = json.loads(json.dumps(asdict(config), default=lambda path: path.name))
            about = {"training": training, "crops": self.done, "validation": dict(figures)}
            save_weights(averaged, out / WEIGHTS, about, half=True)
        self.steps, self.losses = 0, {}
        state = {
            "net": self.net.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "ema": self.ema.state,
            "ema_steps": self.ema.steps,
            "done": self.done,
            "best": self.best,
            "settings": self.settings,
        }
        with replacing(out / CHECKPOINT) as partial:
            torch.save(state, partial)


def _log(row: Mapping[str, float], path: Path) -> None:
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as f:
        writer = csv.DictWriter(f, list(row))
        if new:
            writer.writeheader()
        writer.writerow({k: f"{v:.5g}" if isinstance(v, float) else v for k, v in row.items()})
