"""The options of fine-tuning, in a separate module so that the command line can list them without loading torch."""

from __future__ import annotations

from dataclasses import dataclass

from expnet_live.core.arguments import DEVICES, below_one, number, positive_float, positive_int, whole_number
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

COLLECTIONS = ("muxspace", "yawn", "eyes", "omi", "fer2013", "utkface")  # of photos, in our data


@dataclass(frozen=True)
class TuneConfig:
    """Training ends after `samples` crops, or after `minutes` if they are not 0; the learning rate follows whichever is
    nearer to its end."""

    samples: int = option(380_000, positive_int, "augmented crops in the whole training")
    minutes: float = option(0.0, number, MINUTES)
    batch: int = option(128, positive_int, f"{BATCH}, a multiple of --group")
    lr: float = option(1.5e-3, positive_float, LR)
    weight_decay: float = option(0.05, number, DECAY)
    warmup: float = option(0.06, below_one, WARMUP)
    ema: float = option(0.998, below_one, EMA)
    made: float = option(0.3, below_one, "share of synthetic pictures among those drawn")
    actions: float = option(6.0, number, "weight of the actions' loss to that of all other outputs")
    workers: int = option(2, whole_number, WORKERS)
    threads: int = option(2, positive_int, THREADS)
    seed: int = option(0, whole_number, SEED)
    grow: bool = False
    group: int = option(4, positive_int, "pictures of a person that are drawn together")
    branch: int = option(0, whole_number, "learn copies of so many last stages for the actions alone, and nothing else")
    each: float = option(0.4, number, "share of the actions' loss: errors of pictures")
    within: float = option(0.8, number, "share of the actions' loss: errors beside the mean of a person's pictures")
    sides: float = option(0.2, number, "share of the actions' loss: errors of the difference between the sides")
    device: str = option("cpu", str, "device for the network", DEVICES)

    @property
    def shares(self) -> tuple[float, float, float]:
        return self.each, self.within, self.sides
