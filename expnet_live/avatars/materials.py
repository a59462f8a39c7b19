"""Materials as expressions change them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from expnet_live.avatars.model import Alpha, Material, Part, Tint
from expnet_live.core.types import Array

_LEAST = 1e-3  # of an expression


def turn_of(material: Material, front: float) -> tuple[float, ...]:
    """When a material is drawn, as a key to sort by. What lets light through comes last, in the order of the file, the
    foremost at the end; `front`: where it lies, the greater the nearer."""
    if material.alpha is not Alpha.BLEND:
        return (0.0 if material.alpha is Alpha.OPAQUE else 1.0,)
    return 2.0, float(not material.solid), material.queue, front


def tinted(materials: Sequence[Material], tints: Sequence[Sequence[Tint]], weights: Array) -> Mapping[int, Material]:
    """The materials, by number, that expressions of the `weights` (n,) change: each moves them from what they are
    towards its `tints` (VRMC_vrm-1.0, expressions)."""
    sums: dict[tuple[int, Part], Array] = {}
    for weight, some in zip(weights, tints, strict=True):
        if weight > _LEAST:
            for tint in some:
                key = tint.material, tint.part
                start = np.array(_value(materials[tint.material], tint.part))
                sums[key] = sums.get(key, start) + weight * (np.array(tint.target) - start)
    out: dict[int, Material] = {}
    for (number, part), value in sums.items():
        out[number] = _with(out.get(number, materials[number]), part, value)
    return out


def _value(material: Material, part: Part) -> tuple[float, ...]:
    if part is Part.PLACE:
        return material.place
    if part is Part.COLOR:
        return material.color
    return (*((material.shade or (1.0, 1.0, 1.0)) if part is Part.SHADE else material.glow), 1.0)


def _with(material: Material, part: Part, value: Array) -> Material:
    if part is Part.PLACE:
        x, y, u, v = (float(n) for n in value)
        return replace(material, place=(x, y, u, v))
    r, g, b, a = (float(n) for n in np.clip(value, 0, 1))
    if part is Part.COLOR:
        return replace(material, color=(r, g, b, a))
    if part is Part.GLOW:
        return replace(material, glow=(r, g, b))
    return material if material.shade is None else replace(material, shade=(r, g, b))
