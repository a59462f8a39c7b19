"""The training options, in a separate module so that the command line can list them without loading torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class TrainConfig:
    """`samples`: number of augmented crops in the whole training; `init`: initial weights.

    `blend`: weight of the new network in the final mean of both (Wortsman et al. 2022, Model soups), which keeps the
    strengths of `init`.
    """

    architecture: str = "compact"
    samples: int = 1_000_000
    batch: int = 96
    lr: float = 2.5e-3
    weight_decay: float = 0.05
    warmup: float = 0.03
    ema: float = 0.999
    dropout: float = 0.1
    seed: int = 1
    workers: int = 1
    threads: int = 2
    device: str = "auto"
    validate_every: int = 60_000
    init: Path | None = None
    blend: float = 1.0


@dataclass(frozen=True)
class ReadoutConfig:
    """`samples`: number of augmented crops; `ridge`: weight of the squared weights, as a share of the features' mean
    square; `shape`: weight of a square millimetre of the shape's error (a point's mean) to that of a squared
    coefficient's."""

    samples: int = 200_000
    batch: int = 96
    ridge: float = 0.3
    shape: float = 3.0
    seed: int = 1
    workers: int = 1
    threads: int = 1
