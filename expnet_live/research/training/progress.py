"""How far a training is: its weights and their moving average, losses since the last validation, and the checkpoint."""

from __future__ import annotations

import csv
import hashlib
import logging
import math
import pickle
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import torch
from torch import nn

from expnet_live.core.errors import UserError
from expnet_live.core.files import replacing
from expnet_live.research.training.optimizer import Optimizer

CHECKPOINT, WEIGHTS, LOG = "checkpoint.pt", "expnet.safetensors", "log.csv"

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
    """`done` pictures, the `best` score of a validation, and the sums of the losses of the `steps` since the last row.

    `net` is what learns. `settings` are what a training that goes on must have in common with the one before, `path` is
    its checkpoint, and `extra` what else it needs to go on.
    """

    net: nn.Module
    optimizer: Optimizer
    ema: Ema
    settings: Mapping[str, str]
    path: Path
    done: int = 0
    best: float = math.inf
    steps: int = 0
    losses: dict[str, float] = field(default_factory=dict)
    extra: dict[str, torch.Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._begun = time.perf_counter()
        self._started, self._logs = 0, False  # where this run began, and whether it has written to the log

    @property
    def seconds(self) -> float:
        """How long it has taken so far, without interruptions."""
        return time.perf_counter() - self._begun

    def over(self, samples: int, minutes: float) -> float:
        """The share that is over of a training of so many samples, or of so many minutes if they are not 0."""
        return max(self.done / samples, self.seconds / (60 * minutes) if minutes else 0.0)

    def resume(self, device: torch.device) -> None:
        """Go on from the checkpoint, if there is one. Raises UserError if it is damaged or of another training."""
        path = self.path
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
        self._started = self.done
        self.steps, self.losses = saved.get("steps", 0), saved.get("losses", {})
        self.extra = saved.get("extra", {})
        self._begun -= saved.get("seconds", 0.0)
        log.info("resuming at %d pictures", self.done)

    def save(self) -> None:
        """Write the checkpoint."""
        state = {
            "net": self.net.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "ema": self.ema.state,
            "ema_steps": self.ema.steps,
            "settings": dict(self.settings),
            **{name: getattr(self, name) for name in ("done", "best", "steps", "losses", "extra", "seconds")},
        }
        with replacing(self.path) as partial:
            torch.save(state, partial)

    def stop(self) -> NoReturn:
        """End as by Ctrl-C, with a checkpoint of this very step."""
        self.save()
        raise KeyboardInterrupt(f"the same command goes on at {self.done} pictures")

    def reseed(self, seed: int, rank: int = 0) -> None:
        """Seed the draws of the next step, such as those of dropout: the same after each resumption."""
        torch.manual_seed(((seed << 40) + self.done + rank) % (1 << 64))  # torch takes 64 bits

    def step(self, losses: Mapping[str, float], done: int) -> None:
        """Count a step of the optimizer, with its losses, after which `done` pictures are seen."""
        self.ema.update(self.net)
        self.done, self.steps = done, self.steps + 1
        for name, loss in losses.items():
            self.losses[name] = self.losses.get(name, 0.0) + loss

    def log(self, column: str, row: Mapping[str, float]) -> None:
        """Append a row to log.csv, with the pictures so far in that first column.

        Rows beyond the checkpoint are not of this training: the one before went on after it was written, or the
        checkpoint was deleted to begin anew.
        """
        path = self.path.with_name(LOG)
        if not self._logs:
            self._logs = True
            _cut(path, column, self._started)
        row = {column: self.done, **row}
        new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as f:
            writer = csv.DictWriter(f, list(row))
            if new:
                writer.writeheader()
            writer.writerow({k: f"{v:.5g}" if isinstance(v, float) else v for k, v in row.items()})

    def take_losses(self) -> dict[str, float]:
        """The means of the losses since the last call."""
        means = {name: loss / self.steps for name, loss in self.losses.items()}
        self.steps, self.losses = 0, {}
        return means


# What may change when a training goes on.
_FREE = {"samples", "minutes", "blend", "device", "threads", "validate_every", "workers"}


def settings_of(config: Any, init: Path | None, data: bytes) -> dict[str, str]:
    """What a training that goes on must have in common with the one before; `data` identifies its photos and labels."""
    options = {name: value for name, value in asdict(config).items() if name not in _FREE}
    options["init"] = init and init.name
    told = {"photos or labels": hashlib.sha256(data).hexdigest()[:16]}
    return {name: str(value) for name, value in options.items()} | told


def _cut(path: Path, column: str, most: int) -> None:
    """Keep the rows of a log up to so many pictures; without any, the log goes."""
    if not path.exists():
        return
    with path.open(newline="", encoding="utf-8") as f:
        reader = csv.DictReader(f)
        rows = [row for row in reader if (row.get(column) or "").isdecimal() and int(row[column]) <= most]
    if not rows:
        path.unlink()
        return
    with replacing(path) as partial, partial.open("w", newline="", encoding="utf-8") as f:
        writer = csv.DictWriter(f, reader.fieldnames or [])
        writer.writeheader()
        writer.writerows(rows)
