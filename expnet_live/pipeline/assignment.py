"""Who is who: the pairs that cost least together."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def assigned(costs: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """Pairs (row, column), each at most once: as many as can be, then those of the least cost; infinite: never."""
    if not costs or not costs[0]:
        return []
    if len(costs) == len(costs[0]) == 1:
        return [(0, 0)] if math.isfinite(costs[0][0]) else []
    # Loaded only where there is a choice.
    from scipy.optimize import linear_sum_assignment

    table = np.array(costs)
    never = ~np.isfinite(table)
    # Dearer than all others together, so that no pair is given up for cheaper ones.
    table[never] = 1 + table[~never].sum()
    rows, columns = linear_sum_assignment(table)
    return [(int(i), int(k)) for i, k in zip(rows, columns, strict=True) if not never[i, k]]
