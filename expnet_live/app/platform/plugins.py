"""What other packages add to the registries, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from expnet_live.capture.spec import SOURCES
from expnet_live.core.registry import Registry
from expnet_live.heads.kind import HEADS
from expnet_live.outputs.export.format import FORMATS
from expnet_live.outputs.stream import OUTPUTS
from expnet_live.pipeline.models import MODELS

REGISTRIES: Sequence[Registry[Any]] = (SOURCES, MODELS, FORMATS, OUTPUTS, HEADS)


def added() -> list[str]:
    """A line for each thing that another package adds: "output acme of the package acme-face". Imports them."""
    return [f"{r.kind} {name} of {r.foreign[name]}" for r in REGISTRIES for name in r.foreign]


def problems() -> list[str]:
    """A sentence for each that is left out or has broken since. Imports them."""
    return [problem for r in REGISTRIES for problem in r.problems]
