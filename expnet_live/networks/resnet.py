"""Residual networks: the paper's ResNet-101 as Caffe draws it, and small ones of the same family.

He et al., *Deep residual learning for image recognition*, 2016. Layers carry Caffe's names
(res2a_branch2a, bn2a_branch2a, ...), so that the official weights fit by name. As in Caffe, a
stride sits on a block's first convolution and on its shortcut, convolutions have no bias, the first
convolution pads (2, 3) and the first pooling rounds up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from string import ascii_lowercase

import torch
from torch import nn
from torch.nn import functional as F

BN_EPSILON = 1e-5


@dataclass(frozen=True)
class ResNetConfig:
    """`blocks` per stage; `width` channels of the first stage; `bottleneck` blocks have four times as many outputs.

    The first convolution has a stride of 2 and is pooled after, or, with `pool` off, a stride of 4: a third cheaper.
    """

    blocks: tuple[int, ...]
    width: int
    bottleneck: bool
    pool: bool = True

    @property
    def n_features(self) -> int:
        return self.width * 2 ** (len(self.blocks) - 1) * (4 if self.bottleneck else 1)


RESNET101 = ResNetConfig((3, 4, 23, 3), 64, bottleneck=True)


def block_names(stage: int, count: int) -> list[str]:
    """Caffe's names of a stage's blocks: 2a 2b 2c, and 3a 3b1 3b2 ... in ResNet-101's long stages."""
    if stage in (3, 4) and count > 3:
        return [f"{stage}a"] + [f"{stage}b{i}" for i in range(1, count)]
    return [f"{stage}{ascii_lowercase[i]}" for i in range(count)]


class Conv(nn.Module):
    """Convolution without bias, then batch normalisation."""

    def __init__(self, n_in: int, n_out: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(n_in, n_out, kernel, stride, kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(n_out, eps=BN_EPSILON)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.bn(self.conv(x))
        return y


class Block(nn.Module):
    """branch2a, branch2b (and branch2c in bottlenecks) beside a shortcut, branch1 where shapes differ."""

    def __init__(self, n_in: int, width: int, stride: int, bottleneck: bool) -> None:
        super().__init__()
        n_out = width * (4 if bottleneck else 1)
        if bottleneck:
            self.branch2 = nn.ModuleList([Conv(n_in, width, 1, stride), Conv(width, width, 3), Conv(width, n_out, 1)])
        else:
            self.branch2 = nn.ModuleList([Conv(n_in, width, 3, stride), Conv(width, n_out, 3)])
        self.branch1 = Conv(n_in, n_out, 1, stride) if stride != 1 or n_in != n_out else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shortcut = x if self.branch1 is None else self.branch1(x)
        for conv in self.branch2[:-1]:
            x = F.relu(conv(x))
        y: torch.Tensor = F.relu(self.branch2[-1](x) + shortcut)
        return y


class ResNet(nn.Module):
    """Pictures (N, 3, S, S) to feature maps (N, n_features, S/32, S/32)."""

    def __init__(self, config: ResNetConfig) -> None:
        super().__init__()
        self.config = config
        self.conv1 = nn.Conv2d(3, config.width, 7, 2 if config.pool else 4, bias=False)
        self.bn_conv1 = nn.BatchNorm2d(config.width, eps=BN_EPSILON)
        self.stages = nn.ModuleDict()
        n_in = config.width
        for stage, count in enumerate(config.blocks, start=2):
            width = config.width * 2 ** (stage - 2)
            for i, name in enumerate(block_names(stage, count)):
                block = Block(n_in, width, 2 if i == 0 and stage > 2 else 1, config.bottleneck)
                self.stages[f"res{name}"] = block
                n_in = width * (4 if config.bottleneck else 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.bn_conv1(self.conv1(F.pad(x, (2, 3, 2, 3)))))
        if self.config.pool:
            x = F.max_pool2d(x, 3, 2, ceil_mode=True)
        for block in self.stages.values():
            x = block(x)
        return x

    def caffe_names(self) -> Iterator[tuple[str, str, nn.Conv2d, nn.BatchNorm2d]]:
        """Caffe's layer names with the convolution and normalisation that they name."""
        yield "conv1", "bn_conv1", self.conv1, self.bn_conv1
        for name, block in self.stages.items():
            assert isinstance(block, Block)
            convs = {f"branch2{ascii_lowercase[i]}": c for i, c in enumerate(block.branch2)}
            if block.branch1 is not None:
                convs["branch1"] = block.branch1
            for branch, conv in convs.items():
                assert isinstance(conv, Conv)
                yield f"{name}_{branch}", f"bn{name[3:]}_{branch}", conv.conv, conv.bn
