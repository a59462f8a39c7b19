"""Puts a look on heads, and hair on their meshes, for outputs that draw or write one mesh."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from expnet_live.core.srgb import linear_from_srgb, srgb_from_linear
from expnet_live.core.types import Array
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.hair import FULL, lift
from expnet_live.heads.hair_styles import STYLES
from expnet_live.heads.head import Head
from expnet_live.heads.look import Look
from expnet_live.heads.strands import Strands

_CAP, _LOCKS = 0.8, 0.97  # of the hair's colour: on the scalp, and of locks on average, as the window draws them
_SHINE = 0.35


def dressed(head: Head, look: Look) -> Head:
    """The head with that look; heads other than ours stay as they are."""
    return head.dressed(look) if isinstance(head, FaceModel) else head


@dataclass(frozen=True, eq=False)
class Haired:
    """A head with its hair as one mesh: first the head's V vertices, then those of its locks.

    `triangles` (F, 3), RGB `colors` (n, 3) uint8 and `shine` (n,) as those of a head.
    """

    head: Head
    triangles: Array
    colors: Array
    shine: Array
    _height: Array

    @classmethod
    def of(cls, head: Head) -> Haired:
        traits, n = head.traits, len(head.colors)
        shine = traits.shines(n)
        if traits.look is None or traits.hair is None:
            return cls(head, head.triangles, head.colors, shine, np.zeros((n, 1), np.float32))
        style, locks = STYLES[traits.look.hair], traits.locks
        full = lift(traits.hair)
        colors = np.concatenate([covered(head, full), locks_colors(traits.look, locks)])
        return cls(
            head,
            np.concatenate([head.triangles, locks.triangles + n]),
            colors,
            np.concatenate([shine, np.full(len(locks), _SHINE, np.float32)]),
            (style.cap / FULL * full)[:, None],
        )

    def mesh(self, vertices: Array, normals: Array) -> tuple[Array, Array]:
        """Vertices and unit normals (n, 3) for those of the head (V, 3)."""
        locks = self.head.traits.locks
        return (
            np.concatenate([vertices + self._height * normals, locks.at(vertices)]),
            np.concatenate([normals, locks.normals]),
        )


def covered(head: Head, full: Array) -> Array:
    """The colours (V, 3) uint8 of a head whose scalp has hair, with `full` as of `lift`."""
    look = head.traits.look
    assert look is not None
    low, high = STYLES[look.hair].cover
    share = np.clip((full - low) / (high - low), 0, 1)[:, None]
    share = share * share * (3 - 2 * share)
    return np.rint((1 - share) * head.colors + share * tinted(look, np.array([_CAP]))).astype(np.uint8)


def locks_colors(look: Look, locks: Strands) -> Array:
    """The colours (S, 3) uint8 of locks."""
    return tinted(look, _LOCKS * locks.light * (0.85 + 0.25 * locks.place[:, 2]))


def tinted(look: Look, light: Array) -> Array:
    """The hair's colour, sRGB (n, 3) uint8, in `light` (n,)."""
    return srgb_from_linear(linear_from_srgb(look.hair_rgb) * light[:, None])
