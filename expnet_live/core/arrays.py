"""Array aliases, and the validation of arrays at borders."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Image = NDArray[np.uint8]


def checked(name: str, value: Any, shape: tuple[int | None, ...]) -> Array:
    """`value` as a finite float32 array of `shape` (None: any length). Raises ValueError that says what is wrong."""
    array = np.asarray(value, np.float32)
    if array.ndim != len(shape) or any(s is not None and s != n for s, n in zip(shape, array.shape, strict=True)):
        raise ValueError(f"{name} must have shape {shape}, not {array.shape}.")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} has values that are not finite.")
    return array
