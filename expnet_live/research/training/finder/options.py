"""The options of the finder's training, in a separate module so that the command line can list them without torch."""

from __future__ import annotations

from dataclasses import dataclass

from expnet_live.core.arguments import below_one, number, positive_float, positive_int, whole_number
from expnet_live.research.training.options import (
    BATCH,
    DECAY,
    EMA,
    LR,
    MINUTES,
    SEED,
    THREADS,
    WARMUP,
    WORKERS,
    option,
)


@dataclass(frozen=True)
class FinderConfig:
    """Options of `train_finder`."""

    samples: int = option(400_000, positive_int, "pictures in the whole training")
    minutes: float = option(0.0, number, MINUTES)
    batch: int = option(32, positive_int, BATCH)
    lr: float = option(2.5e-3, positive_float, LR)
    weight_decay: float = option(0.02, number, DECAY)
    warmup: float = option(0.03, below_one, WARMUP)
    ema: float = option(0.998, below_one, EMA)
    workers: int = option(1, whole_number, WORKERS)
    threads: int = option(2, positive_int, THREADS)
    seed: int = option(0, whole_number, SEED)
    init: str = option("", str, "finder.pt of an earlier training, to go on from")
