"""FacePoseNet: an AlexNet (CaffeNet) with six outputs.

Chang et al., *FacePoseNet: making a case for landmark-free face alignment*, ICCV workshops 2017; Krizhevsky et al.,
*ImageNet classification with deep convolutional neural networks*, 2012.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

N_POSE = 6
CONVS = {  # inputs, outputs, kernel, stride, groups
    "conv1": (3, 96, 11, 4, 1),
    "conv2": (96, 256, 5, 1, 2),
    "conv3": (256, 384, 3, 1, 1),
    "conv4": (384, 384, 3, 1, 2),
    "conv5": (384, 256, 3, 1, 2),
}
LINEARS = {"fc6": (256 * 6 * 6, 4096), "fc7": (4096, 4096), "fc8": (4096, N_POSE)}


class FacePoseNet(nn.Module):
    """Maps crops (N, 3, 227, 227), BGR as floats 0..255, to rotation vector (rad) and translation (mm), (N, 6).

    Inputs are divided by 255, and `pixel_mean` (3, 1, 1) is subtracted; outputs are scaled by `spread` and shifted by
    `offset` (6,).
    """

    pixel_mean: torch.Tensor
    offset: torch.Tensor
    spread: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        # The padding is TensorFlow's SAME for 227 pixels, which is the same on both sides.
        self.convs = nn.ModuleDict(
            {
                name: nn.Conv2d(n_in, n_out, kernel, stride, kernel // 2 if stride == 1 else 4, groups=groups)
                for name, (n_in, n_out, kernel, stride, groups) in CONVS.items()
            }
        )
        self.linears = nn.ModuleDict({name: nn.Linear(*size) for name, size in LINEARS.items()})
        self.register_buffer("pixel_mean", torch.zeros(3, 1, 1))
        self.register_buffer("offset", torch.zeros(N_POSE))
        self.register_buffer("spread", torch.ones(N_POSE))

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        x = crops / 255 - self.pixel_mean
        for name, conv in self.convs.items():
            x = F.relu(conv(x))
            if name in ("conv1", "conv2", "conv5"):
                x = F.max_pool2d(x, 3, 2)
            if name in ("conv1", "conv2"):
                # TensorFlow multiplies alpha by the sum over a radius of 2, torch by the mean over 5.
                x = F.local_response_norm(x, 5, alpha=5 * 2e-5, beta=0.75, k=1.0)
        # The weights of fc6 expect the channels last.
        x = x.permute(0, 2, 3, 1).flatten(1)
        for name, linear in self.linears.items():
            x = linear(x)
            if name != "fc8":
                x = F.relu(x)
        return x * (self.spread + 1e-18) + self.offset
