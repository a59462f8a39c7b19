"""ExpNet's losses: the paper's L2 loss on expression, and similar ones for the other outputs."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.topology import LEFT_EYE_OUTER, RIGHT_EYE_OUTER


@dataclass(frozen=True)
class LossWeights:
    expression: float = 2.5
    identity: float = 0.1
    rotation: float = 20.0
    view: float = 20.0
    points: float = 0.7
    placement: float = 0.9
    gaze: float = 2.0
    confidence: float = 0.5


class ExpNetLoss(nn.Module):
    """Weighted sum of the parts; `forward` gives it and each part's mean for the log.

    expression, identity: mean squared error in standard deviations. rotation, view, gaze: Huber.
    points: mean distance of the 468 projected points to the landmarks, in per cent of the outer-eye
    distance. placement: its part due to shift, scale and rotation of the whole face, which the visible part of a face
    determines, however much is hidden. confidence: binary cross entropy; all the others count only on faces.
    """

    mean: torch.Tensor
    basis: torch.Tensor

    def __init__(self, model: FaceModel, weights: LossWeights | None = None) -> None:
        super().__init__()
        self.weights = weights or LossWeights()
        basis = torch.cat([torch.from_numpy(model.expression), torch.from_numpy(model.identity)])
        self.register_buffer("mean", torch.from_numpy(model.mean.copy()))
        self.register_buffer("basis", basis.reshape(len(basis), -1))

    def points(self, part: dict[str, torch.Tensor]) -> torch.Tensor:
        """The 468 projected points, (N, 468, 2) in crop sides from the centre."""
        beta = torch.cat([part["expression"], part["identity"]], 1)
        shape = self.mean + (beta @ self.basis).reshape(len(beta), -1, 3)
        turned = shape @ rotation_matrix(part["rotation"]).mT
        scale = part["view"][:, :1, None].exp()
        flat = turned[..., :2] * scale
        return torch.stack([flat[..., 0] + part["view"][:, 1:2], part["view"][:, 2:3] - flat[..., 1]], -1)

    def forward(
        self, part: dict[str, torch.Tensor], target: dict[str, torch.Tensor]
    ) -> tuple[torch.Tensor, dict[str, float]]:
        face = target["face"]
        n = face.sum().clamp(min=1)

        def mean(per_sample: torch.Tensor) -> torch.Tensor:
            return (per_sample * face).sum() / n

        points = self.points(part)
        losses = {
            "expression": mean((part["expression"] - target["expression"]).square().mean(1)),
            "identity": mean((part["identity"] - target["identity"]).square().mean(1)),
            "rotation": mean(
                F.smooth_l1_loss(part["rotation"], target["rotation"], reduction="none", beta=0.05).mean(1)
            ),
            "view": mean(F.smooth_l1_loss(part["view"], target["view"], reduction="none", beta=0.02).mean(1)),
            "points": mean(dense_error(points, target["points"])),
            "placement": mean(placement_error(points, target["points"])),
            "gaze": mean(F.smooth_l1_loss(part["gaze"], target["gaze"], reduction="none", beta=0.1).mean(1)),
            "confidence": F.binary_cross_entropy_with_logits(part["confidence"][:, 0], face),
        }
        total = sum((getattr(self.weights, k) * v for k, v in losses.items()), torch.zeros(()))
        return total, {k: float(v.detach()) for k, v in losses.items()}


def dense_error(points: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Mean distance (N,) of points (N, 468, 2), in per cent of the target's outer-eye distance."""
    return 100 * torch.linalg.norm(points - target, dim=2).mean(1) / _eye_distance(target)


def placement_error(points: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The displacement (N,) of points (N, 468, 2) as a whole, in the units of `dense_error`.

    It is the sum of three root mean squares: of the shift, the scale and the rotation that best match the target.
    """
    away = points - target
    shift = away.mean(1)
    arm = target - target.mean(1, keepdim=True)
    reach = arm.square().sum(2).mean(1).sqrt()
    scale = (away * arm).sum(2).mean(1) / reach
    turn = (away[..., 1] * arm[..., 0] - away[..., 0] * arm[..., 1]).mean(1) / reach
    moved = (shift.square().sum(1) + 1e-12).sqrt() + scale.abs() + turn.abs()
    return 100 * moved / _eye_distance(target)


def _eye_distance(points: torch.Tensor) -> torch.Tensor:
    return torch.linalg.norm(points[:, LEFT_EYE_OUTER] - points[:, RIGHT_EYE_OUTER], dim=1)


def rotation_matrix(vector: torch.Tensor) -> torch.Tensor:
    """Rodrigues' formula, (N, 3) to (N, 3, 3)."""
    x, y, z = vector.unbind(-1)
    o = torch.zeros_like(x)
    skew = torch.stack([o, -z, y, z, o, -x, -y, x, o], -1).reshape(-1, 3, 3)
    angle = (vector.square().sum(-1) + 1e-12).sqrt()[:, None, None]
    eye = torch.eye(3, device=vector.device)
    return eye + torch.sin(angle) / angle * skew + (1 - torch.cos(angle)) / angle**2 * (skew @ skew)
