"""Array aliases, and the validation of arrays at borders."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Image = NDArray[np.uint8]


def alike(one: object, other: object) -> bool:
    """Whether two dataclasses are of one type and equal in all fields, arrays by their values."""
    if type(one) is not type(other):
        return False
    pairs = ((getattr(one, f.name), getattr(other, f.name)) for f in fields(one))  # type: ignore[arg-type]
    return all(np.array_equal(a, b) if np.ndarray in (type(a), type(b)) else a == b for a, b in pairs)


def checked(name: str, value: Any, shape: tuple[int | None, ...]) -> Array:
    """`value` as a finite float32 array of `shape` (None: any length). Raises ValueError that says what is wrong."""
    array = np.asarray(value, np.float32)
    if array.ndim != len(shape) or any(s is not None and s != n for s, n in zip(shape, array.shape, strict=True)):
        raise ValueError(f"{name} must have shape {shape}, not {array.shape}.")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} has values that are not finite.")
    return array
