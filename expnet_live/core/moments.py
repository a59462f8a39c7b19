"""Times of frames: the usual step between them, and how long each frame counts."""

from __future__ import annotations

import numpy as np

from expnet_live.core.types import Array


def usual_step(times: Array) -> float:
    """The usual step in s between increasing times (T,): the mean of the steps that are near the median one.

    Files round times, many to a millisecond: then the median alone says 17 ms for 60 frames per second. 1/30 s if there
    are fewer than two times.
    """
    steps = np.diff(times)
    if not len(steps):
        return 1 / 30
    middle = float(np.median(steps))
    return float(steps[np.abs(steps - middle) <= 0.3 * middle].mean())


def spans(times: Array, longest: float) -> Array:
    """How long each frame counts (T,) in s: until the next one, `longest` at most, and the last one the usual step."""
    return np.minimum(np.diff(times, append=times[-1:] + usual_step(times)), longest)
