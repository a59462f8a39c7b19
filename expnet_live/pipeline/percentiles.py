"""Percentiles of few numbers, quickly."""

from __future__ import annotations

import numpy as np

from expnet_live.core.types import Array


def percentiles(values: Array, *percent: float) -> list[Array]:
    """One along the last axis for each of `percent`: np.percentile takes four times as long for so few numbers."""
    # For bytes, a stable sort counts them, which is as quick as a partition.
    ordered = np.sort(values, axis=-1, kind="stable")
    last = values.shape[-1] - 1
    found = []
    for q in percent:
        place = last * q / 100
        below = int(place)
        start, end = ordered[..., below].astype(float), ordered[..., min(below + 1, last)]
        found.append(np.asarray(start + (place - below) * (end - start)))
    return found
