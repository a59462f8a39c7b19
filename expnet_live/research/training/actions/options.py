"""The options of fine-tuning, in a separate module so that the command line can list them without loading torch."""

from __future__ import annotations

from dataclasses import dataclass

COLLECTIONS = ("muxspace", "yawn", "eyes", "omi", "fer2013", "utkface")  # of photos, in our data


@dataclass(frozen=True)
class TuneConfig:
    """Training ends after `samples` crops, or after `minutes` if they are not 0; the learning rate follows whichever is
    nearer to its end. `made` is the share of synthetic pictures among those drawn, `actions` the weight of the actions'
    loss; `grow` adds the layers of the architecture "fine"; `group` pictures of a person are drawn together; `branch`
    learns copies of that many last stages for the actions alone, and nothing else. `each`, `within` and `sides` are the
    shares of the loss: errors of pictures, within a person, between the sides.
    """

    samples: int = 380_000
    minutes: float = 0.0
    batch: int = 128
    lr: float = 1.5e-3
    weight_decay: float = 0.05
    warmup: float = 0.06
    ema: float = 0.998
    made: float = 0.3
    actions: float = 6.0
    workers: int = 2
    threads: int = 2
    seed: int = 0
    grow: bool = False
    group: int = 4
    branch: int = 0
    each: float = 0.4
    within: float = 0.8
    sides: float = 0.2
    device: str = "cpu"

    @property
    def shares(self) -> tuple[float, float, float]:
        return self.each, self.within, self.sides
