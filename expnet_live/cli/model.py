"""The arguments that choose a model and where it runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from expnet_live.core.arguments import add_device
from expnet_live.pipeline.models import BUILT_IN, MODELS


def model_help() -> str:
    """Names the models there are."""
    there = "; ".join(f"{m.name}: {m.about}" for m in MODELS.values())
    return f"a file of weights (.safetensors), or a model by name ({there}); default: {BUILT_IN}"


def add_model(parser: argparse.ArgumentParser) -> None:
    """`--model` and `--device`."""
    parser.add_argument("--model", type=Path, metavar="MODEL", help=model_help())
    add_device(parser)
