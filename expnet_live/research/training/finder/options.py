"""The options of the finder's training, in a separate module so that the command line can list them without torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FinderConfig:
    """`samples`: number of pictures in the whole training; it ends earlier after `minutes`, if they are not 0.

    `init`: finder.pt of an earlier training, to go on from.
    """

    samples: int = 400_000
    minutes: float = 0.0
    batch: int = 32
    lr: float = 2.5e-3
    weight_decay: float = 0.02
    warmup: float = 0.03
    ema: float = 0.998
    workers: int = 1
    threads: int = 2
    seed: int = 0
    init: str = ""
