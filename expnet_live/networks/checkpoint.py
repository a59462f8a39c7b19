"""Weights on disk: safetensors with the configuration inside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from expnet_live.errors import UserError
from expnet_live.networks.expnet import ExpNet, ExpNetConfig

FORMAT = "expnet-live 1"


def save_weights(net: ExpNet, path: Path, about: dict[str, Any] | None = None, *, half: bool = False) -> None:
    """Writes `net` to `path`; `half` stores convolutions and the last layer as float16."""
    tensors = {}
    for name, value in net.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        shrink = half and value.dtype == torch.float32 and value.dim() > 1
        tensors[name] = (value.half() if shrink else value).detach().cpu().contiguous()
    metadata = {"format": FORMAT, "config": json.dumps(net.config.to_dict()), "about": json.dumps(about or {})}
    tmp = path.with_suffix(".tmp")
    save_file(tensors, tmp, metadata)
    tmp.replace(path)


def load_weights(path: Path) -> tuple[ExpNet, dict[str, Any]]:
    """The network in `path` and what is noted about it. Raises UserError when it is none of ours."""
    try:
        with safe_open(path, "pt") as f:
            metadata = f.metadata() or {}
            tensors = {name: f.get_tensor(name).float() for name in f.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as e:
        raise UserError(f"{path} cannot be read as weights; choose a .safetensors file written by expnet-live.") from e
    if metadata.get("format") != FORMAT:
        raise UserError(
            f"{path} holds weights of another program; choose a file written by 'expnet-live train expnet'."
        )
    try:
        net = ExpNet(ExpNetConfig.from_dict(json.loads(metadata["config"])))
        missing, unexpected = net.load_state_dict(tensors, strict=False)
        missing = [n for n in missing if not n.endswith("num_batches_tracked")]
    except (KeyError, TypeError, ValueError, RuntimeError) as e:
        raise UserError(f"{path} is damaged or of another version: {str(e).splitlines()[0]}") from e
    if missing or unexpected:
        raise UserError(f"{path} is damaged: {', '.join([*missing, *unexpected][:3])} do not belong to its network.")
    return net.eval(), json.loads(metadata.get("about", "{}"))
