"""Which arithmetic a training uses."""

from __future__ import annotations

import torch


def mixed(device: torch.device) -> bool:
    """Whether bfloat16 is faster there. A CPU without instructions for it is ten times slower with it."""
    return device.type != "cpu" or bool(torch.cpu.get_capabilities().get("avx512_bf16"))
