"""ExpNet: predicts expression coefficients, identity, pose, gaze and confidence from a face crop."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from expnet_live.networks.architecture import ExpNetConfig
from expnet_live.networks.resnet import Block, ResNet


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
        self.fc = nn.Linear(config.n_features, n - config.n_branch)
        self.branch = nn.ModuleDict({shape.name: Block(shape) for shape in config.branch_blocks})
        self.branch_fc = nn.Linear(config.n_features, config.n_branch) if config.branch else None
        self.register_buffer("pixel_mean", torch.full((3, 1, 1), 117.0))
        self.register_buffer("pixel_spread", torch.tensor(60.0))
        self.register_buffer("offset", torch.zeros(n))
        self.register_buffer("spread", torch.ones(n))

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        return self.standard((crops - self.pixel_mean) / self.pixel_spread).float() * self.spread + self.offset

    def standard(self, x: torch.Tensor) -> torch.Tensor:
        """Standardised outputs (N, D) for standardised crops. The last layers get their features in float32."""
        shared = self._shared(x)
        said: torch.Tensor = self.fc(self._last(shared))
        return said if self.branch_fc is None else torch.cat([said, self.actions(shared)], 1)

    def shared(self, crops: torch.Tensor) -> torch.Tensor:
        """The features of crops that both copies of the last stages get."""
        return self._shared((crops - self.pixel_mean) / self.pixel_spread)

    def features(self, crops: torch.Tensor) -> torch.Tensor:
        """What the last layer gets for crops, (N, n_features); not what that of the branch gets."""
        return self._last(self.shared(crops))

    def actions(self, shared: torch.Tensor) -> torch.Tensor:
        """The standardised outputs (N, K) of the branch for `shared` features."""
        assert self.branch_fc is not None
        for block in self.branch.values():
            shared = block(shared)
        said: torch.Tensor = self.branch_fc(self._flat(shared))
        return said

    def standard_actions(self, x: torch.Tensor) -> torch.Tensor:
        """The branch's part of `standard`."""
        return self.actions(self._shared(x))

    def _shared(self, x: torch.Tensor) -> torch.Tensor:
        x = self.backbone.first(x)
        for name, block in self.backbone.stages.items():
            if name in self.branch:
                break
            x = block(x)
        return x

    def _last(self, x: torch.Tensor) -> torch.Tensor:
        for name in self.branch:
            x = self.backbone.stages[name](x)
        return self._flat(x)

    def _flat(self, x: torch.Tensor) -> torch.Tensor:
        if self.config.pooled:
            x = F.adaptive_avg_pool2d(x, 1)
        features: torch.Tensor = self.dropout(x.flatten(1).float())
        return features

    def split(self, out: torch.Tensor) -> dict[str, torch.Tensor]:
        """The named parts of outputs (N, D)."""
        return dict(zip(self.config.outputs, out.split(list(self.config.outputs.values()), 1), strict=True))
