"""The face finder's network in torch; pipeline/finder.py runs its ONNX file and says what its outputs mean."""

from __future__ import annotations

import torch
from torch import nn

from expnet_live.pipeline.finder import CHANNELS

_RARE = -4.6  # initial log-odds of a face: one cell in a hundred


def _conv(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs))


class _Separable(nn.Module):
    """A depthwise and a pointwise convolution, with a shortcut where the shape stays."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.depth = _conv(inputs, inputs, kernel, stride, inputs)
        self.point = _conv(inputs, outputs, 1)
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.point(self.depth(x))
        return torch.relu(x + y if self.shortcut else y)


class FinderNet(nn.Module):
    """Pictures (N, S, S, 3) BGR 0..255 to maps (N, CHANNELS, S / 4, S / 4); the first holds log-odds of a face.

    A feature pyramid (Lin et al. 2017): four scales going down, and a sum of all of them at the finest.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(_conv(3, 16, 3, 2), nn.ReLU(), _conv(16, 32, 3, 2), nn.ReLU())
        self.down = nn.ModuleList([
            nn.Sequential(_Separable(32, 32), _Separable(32, 32)),
            nn.Sequential(_Separable(32, 64, 3, 2), _Separable(64, 64), _Separable(64, 64)),
            nn.Sequential(_Separable(64, 96, 3, 2), _Separable(96, 96, 5), _Separable(96, 96, 5)),
            nn.Sequential(_Separable(96, 96, 3, 2), _Separable(96, 96, 5), _Separable(96, 96, 5)),
        ])  # fmt: skip
        self.up = nn.ModuleList([_conv(96, 96, 1), _conv(96, 64, 1), _conv(64, 32, 1)])
        self.merge = nn.ModuleList([_Separable(96, 96), _Separable(64, 64), _Separable(32, 32)])
        self.head = nn.Sequential(_Separable(32, 32), nn.Conv2d(32, CHANNELS, 1))
        nn.init.normal_(self.head[1].weight, std=0.01)  # type: ignore[arg-type]
        bias = self.head[1].bias
        assert isinstance(bias, torch.Tensor)
        nn.init.zeros_(bias)
        with torch.no_grad():
            bias[0] = _RARE

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        x = self.stem(pictures.permute(0, 3, 1, 2) / 64.0 - 2.0)
        scales = []
        for stage in self.down:
            x = stage(x)
            scales.append(x)
        for up, merge, finer in zip(self.up, self.merge, scales[-2::-1], strict=True):
            x = merge(torch.relu(finer + nn.functional.interpolate(up(x), scale_factor=2.0, mode="nearest")))
        maps: torch.Tensor = self.head(x)
        return maps
