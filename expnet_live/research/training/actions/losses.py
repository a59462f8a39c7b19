"""The loss of actions: how strong each is, how it differs between pictures of a person, and between the sides.

One picture does not show whether brows are lowered or low; several of the same person do. So errors also count after
the mean over a person's pictures is removed, which the rest face of that person cannot disturb.
"""

from __future__ import annotations

import torch

from expnet_live.core.arkit import MIRROR

_PAIR = torch.from_numpy(MIRROR.copy()).long()


def action_loss(
    said: torch.Tensor,
    batch: dict[str, torch.Tensor],
    unit: torch.Tensor,
    group: int = 1,
    shares: tuple[float, float, float] = (0.4, 0.8, 0.2),
) -> torch.Tensor:
    """The weighted mean of squared errors of actions (N, 52) in `unit` (52,), or a sample's `least` if that is larger.

    `shares` of the loss: errors in each picture, within a person, and between left and right.

    The batch consists of groups of `group` samples; those of the same `person` (not -1) count as one. Differences
    between the sides count in synthetic pictures (`least` > 0), where they are exact.
    """
    error = (said - batch["actions"]) / torch.maximum(unit[None], batch["least"][:, None])
    weights = batch["weights"] * batch["face"][:, None]
    each = _mean(error.square(), weights)
    if group == 1:
        return each
    person = batch["person"].view(-1, group)
    same = ((person >= 0) & (person == person[:, :1])).all(1)
    of_group, w = error.view(-1, group, error.shape[1]), weights.view(-1, group, error.shape[1])
    centre = (of_group * w).sum(1, keepdim=True) / w.sum(1, keepdim=True).clamp(min=1e-6)
    within = _mean((of_group - centre).square(), w * same[:, None, None]) * group / (group - 1)
    made = batch["least"] > 0
    pair = _PAIR.to(error.device)
    sides = _mean((error - error[:, pair])[made].square(), torch.minimum(weights, weights[:, pair])[made])
    return shares[0] * each + shares[1] * within + shares[2] * sides


def _mean(values: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    return (values * weights).sum() / weights.sum().clamp(min=1)
