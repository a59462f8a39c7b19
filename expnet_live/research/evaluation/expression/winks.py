"""Winks of a clip whose truth is known: the shut eye against a blink's, and the eye that stays open."""

from __future__ import annotations

import numpy as np

from expnet_live.core.arkit import INDEX
from expnet_live.core.types import Array

_SHUT, _OPEN = 0.85, 0.15  # shares of the most that an eye shuts in the clip


def winks(said: Array, truth: Array) -> dict[str, dict[str, float]]:
    """For winks of each side, from what is said and true (T, 52) in the frames of a clip: how far the `shut` eye is
    said to be shut, over the median of what is said of blinks, and the most that is said of the `open` eye."""
    lids = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
    true, told = truth[:, lids], said[:, lids]
    true = true / true.max(0)
    blinks = np.nanmedian(told[(true > _SHUT).all(1)])
    result = {}
    for eye, side in enumerate(("left", "right")):
        frames = (true[:, eye] > _SHUT) & (true[:, 1 - eye] < _OPEN)
        if frames.any():
            shut, opened = np.nanmax(told[frames, eye]), np.nanmax(told[frames, 1 - eye])
            result[side] = {"shut": float(shut / blinks), "open": float(opened)}
    return result
