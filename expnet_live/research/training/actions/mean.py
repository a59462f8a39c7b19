"""The mean of two networks of one training, which is often better than both: Wortsman et al. 2022, Model soups."""

from __future__ import annotations

from pathlib import Path

from expnet_live.core.errors import UserError
from expnet_live.networks.checkpoint import load_weights, save_weights


def mean_of(before: Path, after: Path, share: float, out: Path) -> Path:
    """Write the mean of the weights in two files to `out`; `share` (0..1) is the weight of `after`, whose notes are
    kept. Actions must not have full strength yet: it is found for the mean.

    Raises UserError if the networks differ in anything but their weights.
    """
    if not 0 <= share <= 1:
        raise UserError("--share must be between 0 and 1.")
    (one, _), (other, about) = load_weights(before), load_weights(after)
    mixed, last = one.state_dict(), other.state_dict()
    same = one.config == other.config and all((mixed[name] == last[name]).all() for name in ("spread", "offset"))
    if not same:
        raise UserError(f"{before} and {after} are not of one training; give the expnet.safetensors of both stages.")
    state = {n: v.lerp(last[n], share) if v.is_floating_point() else last[n] for n, v in mixed.items()}
    other.load_state_dict(state)
    save_weights(other, out, about | {"mean": {"share": share, "before": before.name}}, half=True)
    return out
