"""Draws locks of hair, or lashes, in one colour."""

from __future__ import annotations

import numpy as np
from vispy import gloo

from expnet_live.app.view3d import shaders
from expnet_live.core.types import Array
from expnet_live.heads.strands import Strands
from expnet_live.meshes.indices import index_type


class StrandVisual:
    """`program` takes lights and matrices like that of the head; `frugal`: where the CPU draws.

    Only `draw` needs a current OpenGL context.
    """

    def __init__(self, frugal: bool) -> None:
        if frugal:
            self.program = gloo.Program(shaders.FRUGAL_LOCK_VERTEX, shaders.FRUGAL_LOCK_FRAGMENT)
        else:
            self.program = gloo.Program(shaders.LOCK_VERTEX, shaders.LOCK_FRAGMENT)
        self._positions, self._indices = gloo.VertexBuffer(), gloo.IndexBuffer()
        self._any = False

    def set_strands(self, strands: Strands, color: Array) -> None:
        """Set locks, and their linear RGB (3,)."""
        self._any = len(strands) > 0
        self.program["u_hair_color"] = color
        if self._any:
            own = np.column_stack([strands.place, strands.light])
            still = {"a_normal": strands.normals, "a_tangent": strands.tangents, "a_lock": own}
            for name, values in still.items():
                self.program[name] = gloo.VertexBuffer(np.ascontiguousarray(values, np.float32))
            self.program["a_position"] = self._positions
            self._indices.set_data(np.ascontiguousarray(strands.triangles, index_type(len(strands))))

    def move(self, positions: Array) -> None:
        if self._any:
            self._positions.set_data(positions)

    def draw(self, to_eye: Array) -> None:
        """Draw all locks; both of their sides, if nothing is culled."""
        if self._any:
            self.program["u_to_eye"] = to_eye
            self.program.draw("triangles", self._indices, check_error=False)
