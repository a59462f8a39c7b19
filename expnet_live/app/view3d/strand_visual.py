"""Draws locks of hair, or lashes, in one colour."""

from __future__ import annotations

import math

import numpy as np
from vispy import gloo

from expnet_live.app.view3d import shaders
from expnet_live.core.types import Array
from expnet_live.heads.strands import Strands, unit
from expnet_live.meshes.indices import index_type

_STILL = 0.02  # mm that the head's vertices may move before the hair follows
_TURN = math.cos(math.radians(6))  # of the viewer around the head, before what is hidden is found again
# The middle of the skull, mm, and up to which cosine to the viewer hair on it is hidden, with room for such a turn.
_SKULL, _BEHIND = np.array([0.0, 40.0, -92.0], np.float32), -0.35
_MANY = 4000  # triangles, of which it pays to leave some out
_NECK = -10.0, 36.0  # mm: where the neck begins, and half its width, so that it hides what is behind


class StrandVisual:
    """`program` takes lights and matrices like that of the head; `frugal`: where the CPU draws. `opacity` below 1
    lets through what was drawn before.

    Only `draw` needs a current OpenGL context.
    """

    def __init__(self, frugal: bool, opacity: float = 1.0) -> None:
        self.program = gloo.Program(shaders.LOCK_VERTEX, shaders.LOCK_FRAGMENT)
        self._positions, self._indices = gloo.VertexBuffer(), gloo.IndexBuffer()
        self._frugal, self._any, self._see_through = frugal, False, opacity < 1
        self.program["u_opacity"] = opacity

    def set_strands(self, strands: Strands, color: Array) -> None:
        """Set locks, and their linear RGB (3,)."""
        self._any = len(strands) > 0
        self._triangles = np.ascontiguousarray(strands.triangles, index_type(len(strands)))
        self._roots, self._strands = np.unique(strands.root), strands
        self._at: Array | None = None  # where the roots are
        self._moved: Array | None = None  # where the hair is
        self._viewer: Array | None = None  # towards whom it is drawn
        self.program["u_hair_color"] = color
        if self._any:
            own = np.column_stack([strands.place, strands.light])
            still = {"a_normal": strands.normals, "a_tangent": strands.tangents, "a_lock": own}
            for name, values in still.items():
                self.program[name] = gloo.VertexBuffer(np.ascontiguousarray(values, np.float32))
            self.program["a_position"] = self._positions
            self._indices.set_data(self._triangles)

    def follow(self, vertices: Array) -> None:
        """Move with the head's vertices (V, 3), if those below the hair have moved."""
        if not self._any:
            return
        roots = vertices[self._roots]
        if self._at is None or np.abs(roots - self._at).max() > _STILL:
            self._at = roots
            self.move(self._strands.at(vertices))

    def move(self, positions: Array) -> None:
        """Set the positions (S, 3) float32, mm, of the hair."""
        if self._any:
            self._moved = positions
            self._positions.set_data(positions)

    def draw(self, to_eye: Array) -> None:
        """Draw all locks; both of their sides, if nothing is culled."""
        if self._any and self._moved is not None:
            if self._frugal and len(self._triangles) > _MANY:
                self._leave_out_hidden(to_eye, self._moved)
            self.program["u_to_eye"] = to_eye
            if self._see_through:
                gloo.set_state(blend=True, blend_func=shaders.BLEND, depth_mask=False)
            self.program.draw("triangles", self._indices, check_error=False)
            if self._see_through:
                gloo.set_state(blend=False, depth_mask=True)

    def _leave_out_hidden(self, to_eye: Array, positions: Array) -> None:
        """Draw no hair behind the head: where the CPU draws, each triangle costs, even if nothing of it is seen."""
        viewer = np.linalg.inv(to_eye.T)[:3, 3].astype(np.float32)
        towards = unit(viewer - _SKULL)
        if self._viewer is None or towards @ self._viewer < _TURN:
            self._viewer = towards
            hidden = behind(positions[self._triangles[:, 0]], viewer)
            self._indices.set_data(self._triangles[~hidden])


def behind(points: Array, viewer: Array) -> Array:
    """Which of the points (n, 3) on a head, mm, its skull or neck hides from a viewer there (3,): bool (n,)."""
    out, towards = points - _SKULL, unit(viewer - _SKULL)
    skull = out @ towards < _BEHIND * np.linalg.norm(out, axis=1)
    # Below the skull, only what lies straight behind the neck.
    x, z = out[:, 0], out[:, 2]
    dx, dz = unit(towards[[0, 2]])
    neck = (x * dx + z * dz < 0) & (np.abs(x * dz - z * dx) < _NECK[1])
    return np.where(points[:, 1] > _NECK[0], skull, neck)
