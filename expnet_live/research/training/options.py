"""The options of a training, apart so that the command line can list them without loading torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class TrainConfig:
    """`samples`: how many augmented crops the whole training takes; `init`: weights to start from.

    `blend`: share of the newly learned in the mean of both that is written at the end (Wortsman et al. 2022, Model
    soups): it keeps what `init` was better at.
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
