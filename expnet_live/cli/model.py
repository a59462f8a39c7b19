"""The arguments that choose a model and its device."""

from __future__ import annotations

import argparse
from pathlib import Path

from expnet_live.core.arguments import add_device
from expnet_live.pipeline.models import BUILT_IN, MODELS


def model_help() -> str:
    """Lists the models that exist."""
    there = "; ".join(f"{m.name}: {m.about}" for m in MODELS.values())
    return f"a file of weights (.safetensors), or the name of a model ({there}); default: {BUILT_IN}"


def model_option(text: str) -> str:
    """The name of a model, or the path of a file of weights."""
    return str(Path(text))


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add `--model` and `--device`."""
    parser.add_argument("--model", type=model_option, metavar="MODEL", help=model_help())
    add_device(parser)
