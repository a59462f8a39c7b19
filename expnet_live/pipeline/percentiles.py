"""Percentiles of few numbers, quickly."""

from __future__ import annotations

import numpy as np

from expnet_live.core.types import Array


def percentiles(values: Array, *percent: float) -> list[Array]:
    """One along the last axis for each of `percent`: np.percentile takes four times as long for so few numbers."""
    last = values.shape[-1] - 1
    at = [last * q / 100 for q in percent]
    ranks = [(int(place), min(int(place) + 1, last)) for place in at]
    ordered = np.partition(values, sorted({rank for pair in ranks for rank in pair}), axis=-1)
    found = []
    for place, (below, above) in zip(at, ranks, strict=True):
        start, end = ordered[..., below].astype(float), ordered[..., above]
        found.append(np.asarray(start + (place - below) * (end - start)))
    return found
