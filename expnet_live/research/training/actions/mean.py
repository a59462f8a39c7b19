"""The mean of the networks of two stages of a training of actions, which is often better than both."""

from __future__ import annotations

from pathlib import Path

from expnet_live.core.errors import UserError
from expnet_live.networks.checkpoint import load_weights, save_weights
from expnet_live.research.training.blend import blended


def mean_of(before: Path, after: Path, share: float, out: Path) -> Path:
    """Write the mean of the weights in two files to `out`; `share` (0..1) is the weight of `after`, whose notes are
    kept. Actions must not have full strength yet: it is found for the mean.

    Raises UserError if the networks differ in anything but their weights.
    """
    if not 0 <= share <= 1:
        raise UserError("--share must be between 0 and 1.")
    (one, _), (other, about) = load_weights(before), load_weights(after)
    if one.config != other.config or (one.spread != other.spread).any() or (one.offset != other.offset).any():
        raise UserError(f"{before} and {after} are not of one training; give the expnet.safetensors of both stages.")
    notes = about | {"mean": {"share": share, "before": before.name}}
    save_weights(blended(one, other, share), out, notes, half=True)
    return out
