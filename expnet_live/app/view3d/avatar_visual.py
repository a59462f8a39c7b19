"""The visual of an avatar: one set of vertices, a program for each kind of material, and a texture for each picture."""

from __future__ import annotations

import numpy as np
from vispy import gloo

from expnet_live.app.view3d import avatar_shaders as shaders
from expnet_live.app.view3d.avatar_geometry import AvatarGeometry, Layer
from expnet_live.app.view3d.visual import BLEND, Finish, light_values
from expnet_live.avatars.model import Alpha
from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective

_WHITE = np.full((1, 1, 4), 255, np.uint8)
_NUDGE = 0.0006


class AvatarVisual:
    """Has the methods of HeadVisual. Only `draw` needs a current OpenGL context."""

    def __init__(self) -> None:
        kinds = {"lit": shaders.LIT, "toon": shaders.TOON, "unlit": shaders.UNLIT, "grid": shaders.GRID}
        self._programs = {kind: gloo.Program(shaders.VERTEX, fragment) for kind, fragment in kinds.items()}
        self._variables = {kind: {name for _, _, name in p.variables} for kind, p in self._programs.items()}
        self._positions, self._normals = gloo.VertexBuffer(), gloo.VertexBuffer()
        self._white = _texture(_WHITE)
        self._textures: dict[int, gloo.Texture2D] = {}
        self._layers: list[tuple[Layer, gloo.IndexBuffer]] = []
        self._grid = gloo.IndexBuffer()
        self._set(u_nudge=0.0, u_texture=self._white, u_base=(1.0, 1.0, 1.0, 1.0), u_glow=(0.0, 0.0, 0.0))
        self._set(u_shade=(1.0, 1.0, 1.0), u_edge=(0.0, 0.1), u_cutoff=0.0, u_blended=0.0, **light_values())
        self._programs["grid"]["u_nudge"] = _NUDGE
        self._mirrored = False
        self.place(np.eye(4, dtype=np.float32), np.eye(4, dtype=np.float32))
        self.set_finish(Finish())

    def set_geometry(self, geometry: AvatarGeometry) -> None:
        self._textures = {number: _texture(pixels) for number, pixels in geometry.textures.items()}
        self._layers = [(layer, gloo.IndexBuffer(layer.triangles)) for layer in geometry.layers]
        self._grid = gloo.IndexBuffer(geometry.grid)
        self.set_mesh(geometry.rest, np.zeros_like(geometry.rest))
        colors = (1.0, 1.0, 1.0, 1.0) if geometry.colors is None else gloo.VertexBuffer(geometry.colors)
        self._set(a_position=self._positions, a_normal=self._normals, a_uv=gloo.VertexBuffer(geometry.uv))
        self._set(a_color=colors)

    def set_mesh(self, vertices: Array, normals: Array) -> None:
        """Set vertices (V, 3) in mm and unit normals (V, 3), float32."""
        self._positions.set_data(np.ascontiguousarray(vertices, np.float32))
        self._normals.set_data(np.ascontiguousarray(normals, np.float32))

    def set_photo(self, image: Image, view: WeakPerspective) -> None:
        """An avatar has its own skin."""

    def set_skin(self, skin: Array | None) -> None:
        """Likewise."""

    def set_finish(self, finish: Finish) -> None:
        self._finish = finish
        self._set(u_line=(*finish.line, 0.5))

    def place(self, to_eye: Array, projection: Array) -> None:
        """As HeadVisual.place."""
        self._mirrored = bool(np.linalg.det(to_eye[:3, :3]) * projection[0, 0] * projection[1, 1] < 0)
        self._set(u_to_eye=to_eye.T.copy(), u_projection=projection.T.copy())

    def draw(self) -> None:
        front = "cw" if self._mirrored else "ccw"
        for layer, indices in self._layers:
            material = layer.material
            see_through = material.alpha is Alpha.BLEND and not self._finish.wireframe
            gloo.set_state(cull_face=not material.double_sided, front_face=front, blend=see_through, blend_func=BLEND)
            if not material.double_sided:
                gloo.set_cull_face("back")
            gloo.set_depth_mask(not see_through)
            self._program(layer).draw("triangles", indices, check_error=False)
        gloo.set_depth_mask(True)
        if self._finish.wireframe:
            gloo.set_state(cull_face=False, blend=True, blend_func=BLEND)
            self._programs["grid"].draw("lines", self._grid, check_error=False)
        gloo.set_state(cull_face=False, blend=False)

    def warm_up(self) -> None:
        """Draw something invisible with each program, because drivers compile them when they first draw."""
        corner = np.zeros((3, 3), np.float32)
        self._set(
            a_position=gloo.VertexBuffer(corner), a_normal=gloo.VertexBuffer(corner), a_color=(1.0, 1.0, 1.0, 1.0)
        )
        self._set(a_uv=gloo.VertexBuffer(corner[:, :2].copy()))
        indices = gloo.IndexBuffer(np.arange(3, dtype=np.uint16))
        for program in self._programs.values():
            program.draw("triangles", indices)

    def _program(self, layer: Layer) -> gloo.Program:
        """The program of a layer's material, set up for it."""
        material, clay = layer.material, self._finish.wireframe
        if clay:
            program = self._programs["lit"]
            program["u_texture"], program["u_base"] = self._white, (*(c**2.2 for c in self._finish.clay), 1.0)
            program["u_glow"], program["u_cutoff"], program["u_blended"] = (0.0, 0.0, 0.0), 0.0, 0.0
            return program
        program = self._programs["unlit" if material.unlit else "lit" if material.shade is None else "toon"]
        program["u_texture"] = self._white if layer.texture is None else self._textures[layer.texture]
        program["u_base"], program["u_glow"] = material.color, material.glow
        program["u_cutoff"] = material.cutoff if material.alpha is Alpha.MASK else 0.0
        program["u_blended"] = float(material.alpha is Alpha.BLEND)
        if material.shade is not None:
            # MToon: the shade ends at -1 + toony - shift, and begins at 1 - toony - shift.
            low, high = -1 + material.toony - material.shift, 1 - material.toony - material.shift
            program["u_shade"] = _relative(material.shade, material.color)
            program["u_edge"] = (min(low, high) - 1e-3, max(low, high) + 1e-3)
        return program

    def _set(self, **values: object) -> None:
        for kind, program in self._programs.items():
            for name in values.keys() & self._variables[kind]:
                program[name] = values[name]


def _relative(shade: tuple[float, float, float], color: tuple[float, float, float, float]) -> tuple[float, ...]:
    """The colour in the shade as a factor of that in the light."""
    return tuple(min(s / max(c, 1e-3), 1.0) for s, c in zip(shade, color, strict=False))


def _texture(pixels: Array) -> gloo.Texture2D:
    return gloo.Texture2D(
        np.ascontiguousarray(pixels), interpolation="linear", wrapping="repeat", internalformat="rgba8"
    )
