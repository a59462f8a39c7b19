"""The mean of two networks' parameters, which keeps what both do well: Wortsman et al. 2022, Model soups."""

from __future__ import annotations

from expnet_live.networks.expnet import ExpNet


def blended(old: ExpNet, new: ExpNet, share: float) -> ExpNet:
    """`old` with the mean of its parameters and those of `new`, which have this weight (0..1)."""
    other = new.state_dict()
    mean = {k: v.lerp(other[k], share) if v.is_floating_point() else other[k] for k, v in old.state_dict().items()}
    old.load_state_dict(mean)
    return old
