"""Gives a head the tone of a person's skin: its own shades, times the ratio between that tone and its own."""

from __future__ import annotations

import numpy as np

from expnet_live.core.srgb import linear_from_srgb, srgb_from_linear
from expnet_live.core.types import Array
from expnet_live.heads.head import Head, Part

_SKIN = (Part.FACE, Part.SHELL, Part.EARS, Part.LID_RIM)
_CHEEKS = (50, 280, 205, 425)  # points of the Face Mesh
_MOST = 2.0  # a brighter head would glow


def is_skin(head: Head) -> Array:
    """Which vertices (V,) have the tone of the skin; none of a head that came with colours of its own."""
    if head.traits.own_colors:
        return np.zeros(len(head.colors), bool)
    return np.isin(head.traits.parts(len(head.colors)), _SKIN)


def own_tone(head: Head) -> Array:
    """The linear colour (3,) of a head's cheeks, or of all of its skin if it does not say where they are."""
    marks = head.traits.marks
    at = np.flatnonzero(is_skin(head)) if marks is None else marks[list(_CHEEKS)]
    tone: Array = np.median(linear_from_srgb(head.colors[at]), axis=0)
    return tone


def factor_of(skin: Array, own: Array) -> Array:
    """The factor (3,) for linear colours that gives `skin`, sRGB (3,) 0..255, to a head whose tone is `own`."""
    return np.clip(linear_from_srgb(skin) / np.maximum(own, 1e-3), 0.01, _MOST)


def toned(head: Head, skin: Array | None) -> Head:
    """The head in the tone `skin`, sRGB (3,) 0..255 as in FaceState; None, or colours of its own: as it is."""
    share = is_skin(head)
    if skin is None or not share.any():
        return head
    colors = head.colors.copy()
    colors[share] = srgb_from_linear(linear_from_srgb(colors[share]) * factor_of(skin, own_tone(head)))
    return head.colored(colors)
