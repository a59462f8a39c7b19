"""Weights on disk: safetensors with the configuration inside."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError, safe_open

from expnet_live.core.errors import UserError
from expnet_live.core.files import replacing
from expnet_live.core.records import read_json, record_of
from expnet_live.core.types import Array
from expnet_live.networks.architecture import ExpNetConfig, parameter_shapes

if TYPE_CHECKING:
    from expnet_live.networks.expnet import ExpNet

FORMAT = "expnet-live 1"


@dataclass(frozen=True, eq=False)
class Weights:
    """A network as values: its configuration, float32 tensors by torch name, and notes about it."""

    config: ExpNetConfig
    tensors: dict[str, Array]
    about: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> Weights:
        """The network in `path`. Raises UserError if it is not one of ours."""
        try:
            with safe_open(path, "np") as f:
                metadata = f.metadata() or {}
                tensors = {name: np.asarray(f.get_tensor(name), np.float32) for name in f.keys()}  # noqa: SIM118
        except (OSError, SafetensorError) as e:
            raise UserError(
                f"{path} cannot be read as weights; choose a .safetensors file written by expnet-live."
            ) from e
        if metadata.get("format") != FORMAT:
            raise UserError(
                f"{path} holds weights of another program; choose a file written by 'expnet-live train expnet'."
            )
        try:
            config = ExpNetConfig.from_dict(read_json(metadata["config"]))
            shapes = parameter_shapes(config)
            about = record_of(read_json(metadata.get("about", "{}")), dict[str, Any])
        except (AttributeError, KeyError, TypeError, ValueError) as e:
            raise UserError(f"{path} is damaged or has another version: {e}") from e
        wrong = sorted(shapes.keys() ^ tensors.keys()) or [n for n, s in shapes.items() if not _fits(n, tensors[n], s)]
        if wrong:
            raise UserError(f"{path} is damaged: {', '.join(wrong[:3])} do not belong to its network.")
        return cls(config, tensors, about)

    @classmethod
    def of(cls, net: ExpNet) -> Weights:
        tensors = {k: v.detach().float().cpu().numpy() for k, v in net.state_dict().items() if not _counter(k)}
        return cls(net.config, tensors, {})

    def network(self) -> ExpNet:
        """The network as a torch module."""
        import torch

        from expnet_live.networks.expnet import ExpNet

        net = ExpNet(self.config)
        net.pixel_mean = net.pixel_mean.new_zeros(self.tensors["pixel_mean"].shape)
        net.load_state_dict({k: torch.from_numpy(v.copy()) for k, v in self.tensors.items()}, strict=False)
        return net.eval()


def save_weights(net: ExpNet, path: Path, about: dict[str, Any] | None = None, *, half: bool = False) -> None:
    """Write `net` to `path`; `half` stores convolutions and the last layer as float16."""
    import torch
    from safetensors.torch import save_file

    tensors = {}
    for name, value in net.state_dict().items():
        if _counter(name):
            continue
        shrink = half and value.dtype == torch.float32 and value.dim() > 1
        tensors[name] = (value.half() if shrink else value).detach().cpu().contiguous()
    metadata = {"format": FORMAT, "config": json.dumps(net.config.to_dict()), "about": json.dumps(about or {})}
    with replacing(path) as partial:
        save_file(tensors, partial, metadata)


def load_weights(path: Path) -> tuple[ExpNet, dict[str, Any]]:
    """The network in `path` as a torch module, and the notes about it. Raises UserError if it is not one of ours."""
    weights = Weights.read(path)
    return weights.network(), weights.about


def _counter(name: str) -> bool:
    return name.endswith("num_batches_tracked")


def _fits(name: str, tensor: Array, shape: tuple[int, ...]) -> bool:
    return tensor.shape == shape or (name == "pixel_mean" and tensor.ndim == 3 and len(tensor) == 3)
