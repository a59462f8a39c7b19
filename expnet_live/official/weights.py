"""The imported networks on disk, as safetensors."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from expnet_live.core.errors import UserError
from expnet_live.official.store import HOW, PARTS, Origin, Store
from expnet_live.official.variables import empty

FORMAT = "expnet-live official 1"


def save(net: nn.Module, kind: str, path: Path, origin: tuple[Origin, ...]) -> None:
    """Write a network of the release; `kind` is its part's key."""
    tensors = {k: v.contiguous() for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}
    about = {"origin": [[o.name, o.sha256] for o in origin]}
    save_file(tensors, path, {"format": FORMAT, "network": kind, "about": json.dumps(about)})


def load(kind: str, path: Path | None = None) -> nn.Module:
    """The imported network, or the one in `path`. Raises UserError if it is missing or not such a network."""
    path = path or Store().path_of(kind)
    try:
        with safe_open(path, "pt") as f:
            metadata = f.metadata() or {}
            if (metadata.get("format"), metadata.get("network")) != (FORMAT, kind):
                raise UserError(f"{path} does not hold {PARTS[kind]}; {HOW}.")
            tensors = {name: f.get_tensor(name) for name in f.keys()}  # noqa: SIM118
        net = empty(kind)
        net.load_state_dict(tensors, assign=True)
    except (OSError, SafetensorError, RuntimeError) as e:
        raise UserError(f"{path} is damaged; {HOW}.") from e
    return net.eval().requires_grad_(False)
