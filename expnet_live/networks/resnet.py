"""Residual networks: the paper's ResNet-101 as defined in Caffe, and small ones of the same family.

He et al., *Deep residual learning for image recognition*, 2016. Layers carry Caffe's names
(res2a_branch2a, bn2a_branch2a, ...), so that the official weights fit by name. As in Caffe, a
stride sits on a block's first convolution and on its shortcut, convolutions have no bias, the first
convolution pads (2, 3) and the first pooling rounds up.
"""

from __future__ import annotations

from collections.abc import Iterator
from string import ascii_lowercase

import torch
from torch import nn
from torch.nn import functional as F

from expnet_live.networks.architecture import (
    BN_EPSILON,
    FIRST_KERNEL,
    BlockShape,
    ConvShape,
    ResNetConfig,
    blocks,
    fine_block,
)


class Conv(nn.Module):
    """Convolution without bias, then batch normalisation."""

    def __init__(self, shape: ConvShape) -> None:
        super().__init__()
        self.conv = nn.Conv2d(shape.n_in, shape.n_out, shape.kernel, shape.stride, shape.kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(shape.n_out, eps=BN_EPSILON)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.bn(self.conv(x))
        return y


class Block(nn.Module):
    """branch2a, branch2b (and branch2c in bottlenecks) with a shortcut, which is branch1 if shapes differ."""

    def __init__(self, shape: BlockShape) -> None:
        super().__init__()
        self.branch2 = nn.ModuleList([Conv(c) for c in shape.branch2])
        self.branch1 = None if shape.branch1 is None else Conv(shape.branch1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shortcut = x if self.branch1 is None else self.branch1(x)
        for conv in self.branch2[:-1]:
            x = F.relu(conv(x))
        y: torch.Tensor = F.relu(self.branch2[-1](x) + shortcut)
        return y


class Fine(nn.Module):
    """Maps pictures (N, 3, S, S) to features (N, width, S/4, S/4), which add to those of the first convolution."""

    def __init__(self, config: ResNetConfig) -> None:
        super().__init__()
        start, block, end = fine_block(config)
        self.start, self.block, self.end = Conv(start), Block(block), Conv(end)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.end(self.block(F.relu(self.start(x))))
        return y


class ResNet(nn.Module):
    """Maps pictures (N, 3, S, S) to feature maps (N, n_features, S/32, S/32)."""

    def __init__(self, config: ResNetConfig) -> None:
        super().__init__()
        self.config = config
        self.conv1 = nn.Conv2d(3, config.width, FIRST_KERNEL, 2 if config.pool else 4, bias=False)
        self.bn_conv1 = nn.BatchNorm2d(config.width, eps=BN_EPSILON)
        self.fine = Fine(config) if config.fine else None
        self.stages = nn.ModuleDict({shape.name: Block(shape) for shape in blocks(config)})

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x)
        for block in self.stages.values():
            x = block(x)
        return x

    def first(self, x: torch.Tensor) -> torch.Tensor:
        """What the stages get: features (N, width, S/4, S/4)."""
        y = self.bn_conv1(self.conv1(F.pad(x, (2, 3, 2, 3))))
        x = F.relu(y if self.fine is None else y + self.fine(x))
        if self.config.pool:
            x = F.max_pool2d(x, 3, 2, ceil_mode=True)
        return x

    def caffe_names(self) -> Iterator[tuple[str, str, nn.Conv2d, nn.BatchNorm2d]]:
        """Caffe's layer names with their convolution and normalisation."""
        yield "conv1", "bn_conv1", self.conv1, self.bn_conv1
        for name, block in self.stages.items():
            assert isinstance(block, Block)
            convs = {f"branch2{ascii_lowercase[i]}": c for i, c in enumerate(block.branch2)}
            if block.branch1 is not None:
                convs["branch1"] = block.branch1
            for branch, conv in convs.items():
                assert isinstance(conv, Conv)
                yield f"{name}_{branch}", f"bn{name[3:]}_{branch}", conv.conv, conv.bn
