"""ExpNet: a face crop to expression coefficients, and identity, pose, gaze and confidence beside them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from expnet_live.networks.resnet import RESNET101, ResNet, ResNetConfig
from expnet_live.types import N_EXPRESSION


@dataclass(frozen=True)
class ExpNetConfig:
    """`crop_size` px of the square input; `pooled` features (as in the paper) or the whole feature map go to
    the last layer; `outputs` are names and sizes of its parts, in order."""

    backbone: ResNetConfig
    crop_size: int
    pooled: bool
    outputs: dict[str, int] = field(default_factory=dict)
    dropout: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ExpNetConfig:
        backbone = dict(values["backbone"])
        backbone["blocks"] = tuple(backbone["blocks"])
        return cls(**{**values, "backbone": ResNetConfig(**backbone)})


def outputs(n_identity: int) -> dict[str, int]:
    """The parts of our own networks: view is log scale and origin in the crop."""
    return {"expression": N_EXPRESSION, "identity": n_identity, "rotation": 3, "view": 3, "gaze": 4, "confidence": 1}


def compact(n_identity: int) -> ExpNetConfig:
    """The network that ships: ResNet-18 at half width, 112 x 112."""
    backbone = ResNetConfig((2, 2, 2, 2), 32, bottleneck=False, pool=False)
    return ExpNetConfig(backbone, 112, pooled=False, outputs=outputs(n_identity))


def resnet101(n_identity: int) -> ExpNetConfig:
    """The paper's backbone with our outputs."""
    return ExpNetConfig(RESNET101, 224, pooled=True, outputs=outputs(n_identity))


def official() -> ExpNetConfig:
    """The paper's network: one fully connected layer 2048 -> 29."""
    return ExpNetConfig(RESNET101, 224, pooled=True, outputs={"expression": N_EXPRESSION})


ARCHITECTURES = {"compact": compact, "resnet101": resnet101}


class ExpNet(nn.Module):
    """Crops (N, 3, S, S), BGR as floats 0..255, to outputs (N, D), the parts of the configuration side by side.

    The network's own outputs are standardised: `offset` and `spread` (D,) bring them to their units.
    Crops are standardised by `pixel_mean` (3, 1, 1) or (3, S, S) and `pixel_spread`.
    """

    pixel_mean: torch.Tensor
    pixel_spread: torch.Tensor
    offset: torch.Tensor
    spread: torch.Tensor

    def __init__(self, config: ExpNetConfig) -> None:
        super().__init__()
        self.config = config
        n = sum(config.outputs.values())
        self.backbone = ResNet(config.backbone)
        side = 1 if config.pooled else -(-config.crop_size // 32)
        self.dropout = nn.Dropout(config.dropout)
        self.fc = nn.Linear(config.backbone.n_features * side * side, n)
        self.register_buffer("pixel_mean", torch.full((3, 1, 1), 117.0))
        self.register_buffer("pixel_spread", torch.tensor(60.0))
        self.register_buffer("offset", torch.zeros(n))
        self.register_buffer("spread", torch.ones(n))

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        x = self.backbone((crops - self.pixel_mean) / self.pixel_spread)
        if self.config.pooled:
            x = F.adaptive_avg_pool2d(x, 1)
        y: torch.Tensor = self.fc(self.dropout(x.flatten(1))).float()
        return y * self.spread + self.offset

    def split(self, out: torch.Tensor) -> dict[str, torch.Tensor]:
        """The named parts of outputs (N, D)."""
        return dict(zip(self.config.outputs, out.split(list(self.config.outputs.values()), 1), strict=True))
