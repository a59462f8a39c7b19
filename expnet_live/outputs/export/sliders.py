"""Morph targets as programs of animation want them: every weight lies between 0 and 1.

What may be negative becomes two targets, the second called `..._neg`. What exceeds 1 is scaled: `full` says which value
a weight of 1 stands for. Correctives, which lie on both sides of 0, move by their least value into one target that is
always on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from expnet_live.core.types import Array
from expnet_live.outputs.export.morphs import Morphs

_NOTHING = 1e-6  # of a weight
_STEPS = 32767  # of a displacement: 16 bits with a sign
_SEEN = 0.2  # mm: what a full weight moves by more than that is kept, however little there is of it
_TRIED = 1.0, 1.4, 2.0, 3.0, 5.0, 8.0  # limits to the sum of what a vertex loses, which hardly all comes at one moment
_AT_A_TIME = 32


@dataclass(frozen=True, eq=False)
class Sliders:
    """Targets `shapes` (J, V, 3) mm called `names` by `weights` (T, J) in 0..1; `full` (J,) the values at weight 1."""

    names: tuple[str, ...]
    shapes: Array
    weights: Array
    full: Array


@dataclass(frozen=True, eq=False)
class Steps:
    """The shapes of Sliders as whole numbers (J, V, 3) int16 of `unit` mm / 32767; no vertex is off by more than
    `residual` mm at any moment."""

    shapes: Array
    unit: float
    residual: float


def sliders_of(morphs: Morphs) -> Sliders:
    """The same head, by weights from 0 to 1."""
    named = len(morphs.shapes)
    own, extra = morphs.weights[:, :named], morphs.weights[:, named:]
    up, down = (np.maximum(1.0, (sign * own).max(0, initial=0)) for sign in (1, -1))
    split = np.flatnonzero(own.min(0, initial=0) < -_NOTHING)
    names = [*morphs.names, *(f"{morphs.names[j]}_neg" for j in split)]
    shapes = [up[:, None, None] * morphs.shapes, -down[split, None, None] * morphs.shapes[split]]
    weights = [np.clip(own, 0, None) / up, np.clip(-own[:, split], 0, None) / down[split]]
    full = [up, -down[split]]
    if len(morphs.extra):
        low = np.minimum(extra.min(0), 0)
        span = np.maximum(extra.max(0) - low, _NOTHING)
        moved = np.zeros((len(low) + 1, *morphs.resting.shape), np.float32)
        moved[0, morphs.extra_vertices] = np.tensordot(low, morphs.extra, 1)
        moved[1:, morphs.extra_vertices] = span[:, None, None] * morphs.extra
        names += [f"detail_{i:02d}" for i in range(len(moved))]
        shapes.append(moved)
        weights += [np.ones((len(extra), 1)), (extra - low) / span]
        full.append(np.ones(len(moved)))
    return Sliders(
        tuple(names),
        np.concatenate(shapes).astype(np.float32),
        np.clip(np.hstack(weights), 0, 1).astype(np.float32),
        np.concatenate(full),
    )


def in_steps(sliders: Sliders, limit: float, step: Callable[[int], None] = lambda n: None) -> Steps:
    """The shapes in 16 bits. Targets leave out the vertices that they move least, as long as none is off by more than
    `limit` mm at any moment."""
    shapes = sliders.shapes
    unit = float(np.float32(max(np.abs(shapes).max(initial=0), 1.0)))
    scale = np.float32(unit / _STEPS)
    rounded = np.rint(shapes / scale).astype(np.int16)
    size = np.sqrt(np.square(shapes).sum(2))
    share = size * sliders.weights.max(0, initial=0)[:, None]
    order = np.argsort(share, axis=0)
    spent = np.empty(share.shape, share.dtype)
    np.put_along_axis(spent, order, np.cumsum(np.take_along_axis(share, order, 0), axis=0), 0)
    spent[size >= _SEEN] = np.inf
    off = _furthest(sliders.weights, shapes - rounded * scale, step)
    for budget in limit * np.array(_TRIED):
        fewer = np.where((spent <= budget)[..., None], np.int16(0), rounded)
        further = _furthest(sliders.weights, shapes - fewer * scale, step)
        kept = further <= limit
        rounded[:, kept], off[kept] = fewer[:, kept], further[kept]
    return Steps(rounded, unit, float(off.max(initial=0)))


def _furthest(weights: Array, lost: Array, step: Callable[[int], None]) -> Array:
    """The most mm (V,) that each vertex is off at any moment without `lost` (J, V, 3), for weights (T, J)."""
    flat, result = lost.reshape(len(lost), -1), np.zeros(lost.shape[1], np.float32)
    for start in range(0, len(weights), _AT_A_TIME):
        step(0)
        off = (weights[start : start + _AT_A_TIME] @ flat).reshape(-1, lost.shape[1], 3)
        np.maximum(result, np.sqrt(np.square(off).sum(2).max(0)), out=result)
    return result
