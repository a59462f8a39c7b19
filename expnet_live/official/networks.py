"""Runs the three networks of the release on its crops in single precision."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from expnet_live.core.types import Array, Image
from expnet_live.networks.checkpoint import Weights
from expnet_live.networks.expnet import ExpNet
from expnet_live.networks.runtime import pick_device, ready
from expnet_live.official import weights
from expnet_live.official.basel import N_SHAPE
from expnet_live.official.crop import SIZE
from expnet_live.official.posenet import FacePoseNet

NETWORKS = ("expression", "shape", "pose")
_INPUT = 224


@dataclass(frozen=True, eq=False)
class Estimates:
    """Results for N crops: `expression` (N, 29), `identity` and `texture` (N, 99) in standard deviations of the Basel
    model, `pose` (N, 6), a rotation vector (rad) and a translation (mm) in the camera of the crop, see pose.py."""

    expression: Array
    identity: Array
    texture: Array
    pose: Array


class OfficialNetworks:
    """ExpNet, ShapeNet and FacePoseNet on one device."""

    def __init__(
        self, expression: ExpNet, shape: ExpNet, pose: FacePoseNet, device: str = "auto", threads: int | None = None
    ) -> None:
        self.device = pick_device(device, by_torch=True)
        self._mapping = resize_matrix(SIZE, _INPUT)
        self._expression, self._shape = (
            ready(Weights.of(net), self.device, threads, exact=True) for net in (expression, shape)
        )
        self._pose = pose.to(self.device)

    @classmethod
    def load(cls, device: str = "auto", threads: int | None = None) -> OfficialNetworks:
        """Load the imported networks. Raises UserError for parts that are not imported."""
        expression, shape, pose = (weights.load(kind) for kind in NETWORKS)
        assert isinstance(expression, ExpNet) and isinstance(shape, ExpNet) and isinstance(pose, FacePoseNet)
        return cls(expression, shape, pose, device, threads)

    def __call__(self, crops: Image) -> Estimates:
        """Predict for crops (N, 227, 227, 3) BGR uint8."""
        x = torch.from_numpy(np.ascontiguousarray(crops)).permute(0, 3, 1, 2).float()
        with torch.inference_mode(), _exact(self.device):
            pose = self._pose(x.to(self.device)).cpu().numpy()
            # Both get the picture minus the mean image of the shape network, which is stored in their weights.
            smaller = resized(x, self._mapping).permute(0, 2, 3, 1).contiguous().numpy()
            expression, shape = self._expression(smaller), self._shape(smaller)
        return Estimates(expression, shape[:, :N_SHAPE], shape[:, N_SHAPE:], pose)


def resize_matrix(n_in: int, n_out: int) -> torch.Tensor:
    """The matrix (n_out, n_in) of TF 1's `resize_bilinear` along an axis: pixel i is sampled at i n_in / n_out."""
    at = np.arange(n_out, dtype=np.float32) * np.float32(n_in / n_out)
    low = np.floor(at).astype(int)
    share = at - low
    matrix = np.zeros((n_out, n_in), np.float32)
    np.add.at(matrix, (np.arange(n_out), low), 1 - share)
    np.add.at(matrix, (np.arange(n_out), np.minimum(low + 1, n_in - 1)), share)
    return torch.from_numpy(matrix)


def resized(pictures: torch.Tensor, mapping: torch.Tensor) -> torch.Tensor:
    """Resize pictures (N, C, n_in, n_in) with the matrix (n_out, n_in) along both axes."""
    return mapping @ pictures @ mapping.T


@contextmanager
def _exact(device: str) -> Iterator[None]:
    """Disable TF32, because on NVIDIA cards convolutions would round their input to ten bits."""
    if not device.startswith("cuda"):
        yield
        return
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=False, allow_tf32=False):
        yield
