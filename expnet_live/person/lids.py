"""Links the lids of both eyes: many avatars look odd where one eye is shut a little more than the other."""

from __future__ import annotations

import numpy as np

from expnet_live.core.arkit import INDEX
from expnet_live.core.types import Array

_LEFT, _RIGHT = ([INDEX[f"eye{name}{side}"] for name in ("Blink", "Squint", "Wide")] for side in ("Left", "Right"))
# How far apart both eyes are shut: nine in ten frames of blinks are below the first, winks are above the second.
_ALIKE, _WINK = 0.3, 0.5


def linked(weights: Array) -> Array:
    """Weights (..., 52) in which both lids do the same, unless one eye winks; NaN stays NaN.

    >>> from expnet_live.core.arkit import blendshapes_of
    >>> both = linked(blendshapes_of(eyeBlinkLeft=0.4, eyeBlinkRight=0.2))[[0, 7]]
    >>> wink = linked(blendshapes_of(eyeBlinkLeft=0.9))[[0, 7]]
    >>> both.round(2).tolist(), wink.round(2).tolist()
    ([0.33, 0.33], [0.9, 0.0])
    """
    out = np.array(weights, np.float32)
    left, right = out[..., _LEFT], out[..., _RIGHT]
    share = np.clip((_WINK - np.abs(left - right)[..., :1]) / (_WINK - _ALIKE), 0, 1)
    # Open eyes meet halfway, so that the other one hardly dips as a wink begins; shut ones shut.
    mean = (left + right) / 2
    both = mean + mean * (np.maximum(left, right) - mean)
    out[..., _LEFT], out[..., _RIGHT] = left + share * (both - left), right + share * (both - right)
    return out
