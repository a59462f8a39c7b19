"""The training options, in a separate module so that the command line can list them without loading torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from expnet_live.core.arguments import DEVICES, below_one, number, positive_float, positive_int, share, whole_number

NAMES = ("compact", "fine", "branched", "resnet101")  # of networks.architecture.ARCHITECTURES


def option(default: Any, kind: Callable[[str], Any], about: str, choices: Sequence[str] | None = None) -> Any:
    """A field that becomes an option of the command line: `kind` reads it, `about` explains it."""
    return field(default=default, metadata={"kind": kind, "about": about, "choices": choices})


# Those of all trainings.
BATCH = "pictures in a step"
DECAY = "weight decay"
EMA = "how much of the running mean of the weights each step keeps"
LR = "highest learning rate; it falls along a cosine"
MINUTES = "end after so many minutes, and let the learning rate follow the clock; 0: after --samples"
SEED = "of the random draws"
THREADS = "CPU threads of the network"
WARMUP = "share of the training in which the learning rate rises"
WORKERS = "processes that prepare pictures; 0: none"


@dataclass(frozen=True)
class TrainConfig:
    """Options of `train`."""

    architecture: str = option("compact", str, "layers of the network", NAMES)
    samples: int = option(1_000_000, positive_int, "augmented crops in the whole training")
    batch: int = option(96, positive_int, BATCH)
    lr: float = option(2.5e-3, positive_float, LR)
    weight_decay: float = option(0.05, number, DECAY)
    warmup: float = option(0.03, below_one, WARMUP)
    ema: float = option(0.999, below_one, EMA)
    dropout: float = option(0.1, below_one, "share of the features before the last layer that a step leaves out")
    seed: int = option(1, whole_number, SEED)
    workers: int = option(1, whole_number, WORKERS)
    threads: int = option(2, positive_int, THREADS)
    device: str = option("auto", str, "device for the network", DEVICES)
    validate_every: int = option(60_000, positive_int, "crops between two tests on held-out people, and checkpoints")
    init: Path | None = field(
        default=None, metadata={"kind": Path, "about": "initial weights (.safetensors), as they fit", "choices": None}
    )
    # Wortsman et al. 2022, Model soups.
    blend: float = option(
        1.0, share, "with --init: weight of the new network in the mean of both, which is blend.safetensors"
    )


@dataclass(frozen=True)
class ReadoutConfig:
    """Options of `learn_readout`."""

    samples: int = option(200_000, positive_int, "augmented crops")
    batch: int = option(96, positive_int, BATCH)
    ridge: float = option(0.3, number, "weight of the squared weights, as a share of the features' mean square")
    shape: float = option(
        3.0, number, "weight of a square mm of the shape's error, a point's mean, to that of a squared coefficient's"
    )
    seed: int = option(1, whole_number, SEED)
    workers: int = option(1, whole_number, WORKERS)
    threads: int = option(1, positive_int, THREADS)
