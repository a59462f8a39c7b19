"""Reads variables of TensorFlow checkpoints by name, with TensorFlow itself, which only the import needs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.extras import install
from expnet_live.core.types import Array

Shapes = Mapping[str, tuple[int, ...]]


def read_checkpoint(prefix: Path, shapes: Shapes, optional: frozenset[str] = frozenset()) -> dict[str, Array]:
    """The variables of `shapes` (name to shape) as float32; those in `optional` may be missing.

    Raises UserError if TensorFlow is not installed, the file is not a checkpoint, or a variable is missing, has another
    shape or is not finite.
    """
    reader = _reader(prefix)
    there = reader.get_variable_to_shape_map()
    missing = [name for name in shapes if name not in there and name not in optional]
    if missing:
        raise UserError(
            f"{prefix} lacks the variable {missing[0]}{_and_more(missing)}; it is not the checkpoint of this network."
        )
    for name, shape in shapes.items():
        if name in there and tuple(there[name]) != shape:
            raise UserError(f"{prefix}: the variable {name} has the shape {tuple(there[name])}, not {shape}.")
    values = {}
    for name in shapes:
        if name not in there:
            continue
        try:
            value = np.asarray(reader.get_tensor(name), np.float32)
        except Exception as e:  # TensorFlow's own kinds of errors
            raise UserError(
                f"{prefix} is cut off or damaged: {name} cannot be read; unpack or download it again."
            ) from e
        if not np.isfinite(value).all():
            raise UserError(f"{prefix}: the variable {name} has values that are not finite; download it again.")
        values[name] = value
    return values


def _reader(prefix: Path) -> Any:
    # Before the first import, or it prints a screenful of messages.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        import tensorflow as tf
    except ImportError as e:
        raise UserError(
            "Reading the official checkpoints needs TensorFlow, which is not installed; "
            f"install it for the import: {install('tensorflow')}"
        ) from e
    try:
        return tf.train.load_checkpoint(str(prefix))
    except Exception as e:
        raise UserError(f"{prefix} is not a TensorFlow checkpoint, or is cut off; unpack or download it again.") from e


def _and_more(names: list[str]) -> str:
    return f" and {len(names) - 1} more" if len(names) > 1 else ""
