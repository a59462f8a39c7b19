"""ExpNet: predicts expression coefficients, identity, pose, gaze and confidence from a face crop."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from expnet_live.networks.architecture import ExpNetConfig
from expnet_live.networks.resnet import ResNet


class ExpNet(nn.Module):
    """Maps crops (N, 3, S, S), BGR as floats 0..255, to outputs (N, D), the concatenated parts of the configuration.

    The network's own outputs are standardised: `offset` and `spread` (D,) convert them to their units.
    Crops are standardised by `pixel_mean` (3, 1, 1) or (3, S, S) and `pixel_spread`.
    """

    pixel_mean: torch.Tensor
    pixel_spread: torch.Tensor
    offset: torch.Tensor
    spread: torch.Tensor

    def __init__(self, config: ExpNetConfig) -> None:
        super().__init__()
        self.config = config
        n = config.n_outputs
        self.backbone = ResNet(config.backbone)
        self.dropout = nn.Dropout(config.dropout)
        self.fc = nn.Linear(config.n_features, n)
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
