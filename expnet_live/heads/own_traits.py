"""The traits of our own head: hair, brows, lashes, folds of the skin, and its wireframe."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from expnet_live.core.types import Array
from expnet_live.heads import eyes
from expnet_live.heads.anatomy import Anatomy
from expnet_live.heads.brows import brows
from expnet_live.heads.growing import grown
from expnet_live.heads.hair import hairiness
from expnet_live.heads.hair_styles import STYLES
from expnet_live.heads.head import Part, Traits
from expnet_live.heads.lashes import lashes
from expnet_live.heads.look import Look
from expnet_live.heads.strands import Strands


def traits_of(
    mean: Array,
    anatomy: Anatomy,
    look: Look,
    resting: Array,
    normals: Callable[[], Array],
    known: dict[str, Strands],
) -> Traits:
    """Traits of the head's V vertices in that `look`.

    `mean` (468, 3): its points, `resting` (V, 3): its vertices at rest, both in mm; `normals` makes their unit normals.
    `known`: the locks of each hair style that was worn, which take long to grow.
    """
    n, style, control = anatomy.n_face, STYLES[look.hair], anatomy.cage.at(mean)
    face = anatomy.refine[:n] @ control
    hairs = np.zeros((len(anatomy.part), 3), np.float32)
    hairs[:n] = brows(mean, face)
    folds = np.zeros(len(anatomy.part), np.float32)
    for lid in anatomy.closings[:2]:
        folds[:n] += eyes.crease(face, face[lid.first])
    density = hairiness(anatomy, resting)

    def locks() -> Strands:
        if style.locks is None:
            return Strands.none()
        if look.hair not in known:
            skin = np.isin(anatomy.part, (Part.FACE, Part.SHELL))
            known[look.hair] = grown(style.locks, resting, normals(), anatomy.triangles, density, skin)
        return known[look.hair]

    return Traits(
        part=anatomy.part,
        shine=anatomy.shine,
        marks=np.arange(len(mean), dtype=np.int32),
        halved=(anatomy.n_face_triangles, anatomy.n_refined_triangles),
        wires=_base_edges(anatomy.triangles[: anatomy.n_face_triangles]),
        hair=density if style.cap else None,
        scalp=density,
        brows=hairs,
        folds=folds,
        look=look,
        grow=locks,
        lashes=lambda: lashes(resting, anatomy.closings[:2], control[anatomy.centers]),
    )


def _base_edges(fine: Array) -> Array:
    """The edges of the base mesh as chains of edges (E, 2) of its twice subdivided triangles (F, 3).

    A round of subdivision splits a triangle (a, b, c) into (a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca), in
    four blocks: the block determines which edges run along the old ones.
    """
    block, used = len(fine) // 4, len(fine) // 16 * 3
    corner_a, corner_b, corner_c = (fine[k * block :][:used] for k in range(3))
    edges = np.concatenate([corner_a[:, :2], corner_a[:, [2, 0]], corner_b[:, [2, 0]], corner_c[:, :2]])
    return np.unique(np.sort(edges, axis=1), axis=0)
