"""How a face is drawn over the picture it was measured on."""

from __future__ import annotations

from enum import StrEnum


class OverlayStyle(StrEnum):
    """`contours`: lips, lids, brows and outline; `mesh`: its wires; `solid`: the shaded face, nearly opaque."""

    CONTOURS = "contours"
    MESH = "mesh"
    SOLID = "solid"
