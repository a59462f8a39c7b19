"""Hair styles: how full the hair is on the scalp, and how its locks run, in mm of the head at rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from expnet_live.core.types import Array
from expnet_live.heads.growing import Locks, ramp
from expnet_live.heads.strands import unit

_CROWN = np.array([8.0, 118.0, -118.0])  # from where short hair grows in all directions
_DOWN, _BACK = np.array([0, -1.0, 0]), np.array([0, 0, -1.0])


@dataclass(frozen=True)
class Style:
    """`cap` is how full (mm) the hair on the scalp is, below the `locks` if there are any; `cover` are the values (mm)
    of `hair.lift` where it begins to hide the skin, and does so fully."""

    cap: float
    locks: Locks | None = None
    cover: tuple[float, float] = (0.4, 3.2)


def _top(roots: Array) -> Array:
    """How far (L,) 0..1 roots are on the top of the head instead of its sides."""
    return ramp(roots[:, 1] - 0.35 * np.maximum(-roots[:, 2] - 120, 0), 62, 96)


def _front(roots: Array) -> Array:
    return ramp(roots[:, 2], -75, -22) * _top(roots)


def _short_flow(at: Array, normal: Array, roots: Array, share: float) -> Array:
    away = unit(at - _CROWN)
    top, front = _top(roots)[:, None], _front(roots)[:, None]
    aside = np.array([-0.75, 0.0, 0.1])
    return (
        (1 - top) * (away + 1.1 * _DOWN + 0.4 * _BACK)
        + top * (away + 0.5 * aside)
        + front * ((0.9 - share) * normal + np.array([-0.9, 0, -0.35]))
    )


def _short_length(roots: Array, rng: np.random.Generator) -> Array:
    return np.asarray((19 + 17 * _top(roots) + 2 * _front(roots)) * rng.uniform(0.75, 1.2, len(roots)))


def _short_height(at: Array, roots: Array, share: float) -> Array:
    rise = 1 - (1 - min(share * 1.6, 1)) ** 2
    return np.asarray(1.0 + (2.4 + 6 * _top(roots) + 9 * _front(roots)) * rise)


def _swept_flow(at: Array, normal: Array, roots: Array, share: float) -> Array:
    """From a parting on the person's left over to the right and back."""
    left = ramp(roots[:, 0], 26, 34)[:, None] * ramp(roots[:, 2], -125, -95)[:, None]
    side = ramp(np.abs(at[:, 0]), 52, 72)[:, None]
    over = np.array([-0.85, 0.0, -0.55]) + ramp(-at[:, 2], 95, 140)[:, None] * np.array([0.85, -0.5, 0])
    back = unit(_BACK + 0.75 * _DOWN)
    return (1 - side) * ((1 - left) * over + left * np.array([0.75, 0, -0.8])) + side * back


def _swept_length(roots: Array, rng: np.random.Generator) -> Array:
    return np.asarray((30 + 48 * _top(roots)) * rng.uniform(0.8, 1.15, len(roots)))


def _swept_height(at: Array, roots: Array, share: float) -> Array:
    rise = np.sin(np.pi * min(0.12 + 1.15 * share, 1) ** 0.8)
    return np.asarray(1.5 + (3.0 + 7 * _top(roots) + 8 * _front(roots)) * max(rise, 0.25 * (share > 0.3)))


def _long_flow(at: Array, normal: Array, roots: Array, share: float) -> Array:
    """From a parting near the middle to both sides, behind the face, and down."""
    aside = np.where(roots[:, :1] > 4, 1.0, -1.0) * np.array([1.0, 0, 0])
    top = ramp(at[:, 1], 60, 118)[:, None]
    front = ramp(roots[:, 2], -70, -10)[:, None] * ramp(at[:, 1], -10, 70)[:, None]
    low = ramp(-at[:, 1], 60, 110)[:, None]
    flow = top * (aside + 0.25 * _BACK) + (1 - top) * _DOWN + front * (0.9 * _BACK + 0.2 * aside)
    return np.asarray(flow - 0.35 * low * aside)


def _long_length(roots: Array, rng: np.random.Generator) -> Array:
    # Of those below, the ones above leave little to be seen.
    seen = rng.random(len(roots)) < 0.25 + 0.75 * ramp(roots[:, 1], 40, 80)
    return np.where(seen, 330.0, 0.0)


def _long_height(at: Array, roots: Array, share: float) -> Array:
    lift = 3.5 * _front(roots) * np.sin(np.pi * min(3 * share, 1))
    ear = 18.5 * np.exp(-(((at[:, 1] - 14) / 40) ** 2) - ((at[:, 2] + 92) / 26) ** 2) * (np.abs(at[:, 0]) > 40)
    return np.asarray(1.0 + (lift + ear + 5.5) * min(share * 14, 1))


def _curly_flow(at: Array, normal: Array, roots: Array, share: float) -> Array:
    return np.asarray(unit(at - _CROWN) + (0.2 + 0.7 * share) * _DOWN * (1 - 0.8 * _top(roots)[:, None]))


def _curly_length(roots: Array, rng: np.random.Generator) -> Array:
    return np.asarray((28 + 18 * _top(roots) - 10 * _front(roots)) * rng.uniform(0.8, 1.25, len(roots)))


def _curly_height(at: Array, roots: Array, share: float) -> Array:
    return np.asarray(2 + (9 + 11 * _top(roots)) * min(share * 1.5, 1))


STYLES = {
    "none": Style(0.0),
    "cropped": Style(1.8, cover=(0.3, 3.8)),
    "short": Style(2.0, Locks(7.8, 6, 4.0, _short_flow, _short_length, _short_height)),
    "swept": Style(2.4, Locks(9.0, 9, 5.6, _swept_flow, _swept_length, _swept_height, parting=30.0)),
    "curly": Style(3.0, Locks(8.6, 17, 1.8, _curly_flow, _curly_length, _curly_height, curl=4.0, winding=17)),
    "long": Style(
        3.0,
        Locks(
            11.0,
            13,
            8.0,
            _long_flow,
            _long_length,
            _long_height,
            parting=4.0,
            hanging=0.9,
            until=-112,
            curl=2.5,
            winding=90,
        ),
    ),
}
