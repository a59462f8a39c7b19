"""Numbers of vertices as OpenGL takes them."""

from __future__ import annotations

from typing import Any

import numpy as np


def index_type(n: int) -> type[np.unsignedinteger[Any]]:
    """The smallest type for the numbers of `n` vertices."""
    return np.uint16 if n < 1 << 16 else np.uint32
