"""The visual of an avatar: one set of vertices, a program for each kind of material, and a texture for each picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from vispy import gloo

from expnet_live.app.view3d import shaders
from expnet_live.app.view3d.avatar_geometry import AvatarGeometry, Layer
from expnet_live.app.view3d.avatar_shaders import (
    GRID_FRAGMENT,
    GRID_VERTEX,
    OUTLINE_FRAGMENT,
    OUTLINE_VERTEX,
    Kind,
    sources,
)
from expnet_live.app.view3d.visual import Finish, light_values
from expnet_live.avatars.model import Alpha, Material
from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective

_WHITE = np.full((1, 1, 4), 255, np.uint8)
_NUDGE = 0.0006
_POWER = 1 / 2.2
_CLAY = Kind("lit")


class AvatarVisual:
    """Has the methods of HeadVisual. Only `draw` needs a current OpenGL context. `finely`: with maps of normals and
    with outlines, which take long where the CPU draws."""

    def __init__(self, *, finely: bool = True) -> None:
        self._finely = finely
        self._positions, self._normals = gloo.VertexBuffer(), gloo.VertexBuffer()
        self._white = _texture(_WHITE)
        self._textures: dict[int, gloo.Texture2D] = {}
        self._layers: list[tuple[Layer, gloo.IndexBuffer, gloo.Program]] = []
        self._indices = gloo.IndexBuffer()
        self._values: dict[str, object] = {"u_nudge": _NUDGE, "u_texture": self._white, **light_values()}
        self._values |= {"a_position": self._positions, "a_normal": self._normals}
        self._programs: dict[Kind, gloo.Program] = {}
        self._variables: dict[gloo.Program, set[str]] = {}
        self._grid = self._made(GRID_VERTEX, GRID_FRAGMENT)
        self._outline = self._made(OUTLINE_VERTEX, OUTLINE_FRAGMENT)
        self._unit = 1000.0
        self._clay = self._program(_CLAY)
        self._materials: Mapping[int, Material] = {}
        self._mirrored = False
        self.place(np.eye(4, dtype=np.float32), np.eye(4, dtype=np.float32))
        self.set_finish(Finish())

    def set_geometry(self, geometry: AvatarGeometry) -> None:
        self._materials = {}
        self._textures = {number: _texture(pixels) for number, pixels in geometry.textures.items()}
        self._indices = gloo.IndexBuffer(geometry.grid)
        self.set_mesh(geometry.rest, np.zeros_like(geometry.rest))
        values: dict[str, object] = {"a_uv": gloo.VertexBuffer(geometry.uv)}
        if geometry.colors is not None:
            srgb = np.column_stack([geometry.colors[:, :3] ** _POWER, geometry.colors[:, 3]])
            values["a_color"] = gloo.VertexBuffer(np.ascontiguousarray(srgb, np.float32))
        self._set(**values)
        self._layers = [
            (layer, gloo.IndexBuffer(layer.triangles), self._program(self._kind(layer))) for layer in geometry.layers
        ]
        self._unit = geometry.unit

    def set_mesh(self, vertices: Array, normals: Array) -> None:
        """Set vertices (V, 3) in mm and unit normals (V, 3), float32."""
        self._positions.set_data(np.ascontiguousarray(vertices, np.float32))
        self._normals.set_data(np.ascontiguousarray(normals, np.float32))

    def set_materials(self, materials: Mapping[int, Material]) -> None:
        """Set the materials that an expression changes, by their numbers; all others are as in the geometry."""
        self._materials = materials

    def set_photo(self, image: Image, view: WeakPerspective) -> None:
        """An avatar has its own skin."""

    def set_skin(self, skin: Array | None) -> None:
        """Likewise."""

    def set_finish(self, finish: Finish) -> None:
        self._finish = finish
        self._grid["u_line"] = (*finish.line, 0.5)

    def place(self, to_eye: Array, projection: Array) -> None:
        """As HeadVisual.place."""
        self._mirrored = bool(np.linalg.det(to_eye[:3, :3]) * projection[0, 0] * projection[1, 1] < 0)
        self._set(u_to_eye=to_eye.T.copy(), u_projection=projection.T.copy())

    def draw(self) -> None:
        front, wireframe = "cw" if self._mirrored else "ccw", self._finish.wireframe
        if self._finely and not wireframe:
            self._draw_outlines(front)
        for layer, indices, program in self._layers:
            material = layer.material
            see_through = material.alpha is Alpha.BLEND and not wireframe
            gloo.set_state(
                cull_face=not material.double_sided, front_face=front, blend=see_through, blend_func=shaders.BLEND
            )
            if not material.double_sided:
                gloo.set_cull_face("back")
            gloo.set_depth_mask(not see_through or material.solid)
            if wireframe:
                self._clay["u_base"] = (*self._finish.clay, 1.0)
                self._clay["u_glow"] = (0.0, 0.0, 0.0)
                self._clay["u_texture"] = self._white
                self._clay["u_place"] = (1.0, 1.0, 0.0, 0.0)
                self._clay.draw("triangles", indices, check_error=False)
            else:
                self._set_up(program, layer)
                program.draw("triangles", indices, check_error=False)
        gloo.set_depth_mask(True)
        if wireframe:
            gloo.set_state(cull_face=False, blend=True, blend_func=shaders.BLEND)
            self._grid.draw("lines", self._indices, check_error=False)
        gloo.set_state(cull_face=False, blend=False)

    def _draw_outlines(self, front: str) -> None:
        gloo.set_state(cull_face=True, front_face=front, blend=False)
        gloo.set_cull_face("front")
        gloo.set_depth_mask(True)
        for layer, indices, _ in self._layers:
            material = self._materials.get(layer.number, layer.material)
            if material.outline > 0 and material.alpha is not Alpha.BLEND:
                self._set_up(self._outline, layer)
                self._outline["u_width"] = self._unit * material.outline
                self._outline["u_line"] = _srgb(material.outline_color)
                self._outline["u_opacity"] = material.color[3]
                self._outline["u_cutoff"] = material.cutoff if material.alpha is Alpha.MASK else -1.0
                self._outline.draw("triangles", indices, check_error=False)

    def _kind(self, layer: Layer) -> Kind:
        material = layer.material
        light = "unlit" if material.unlit else "lit" if material.shade is None else "toon"
        return Kind(
            light,
            double=material.double_sided,
            mask=material.alpha is Alpha.MASK,
            blend=material.alpha is Alpha.BLEND,
            colored=layer.colored,
            glowing=material.glow_texture in self._textures,
            bumpy=self._finely and light != "unlit" and material.bumps in self._textures,
        )

    def _set_up(self, program: gloo.Program, layer: Layer) -> None:
        """Give a program the values of a layer's material."""
        material, known = self._materials.get(layer.number, layer.material), self._variables[program]
        values: dict[str, object] = {
            "u_texture": self._white if layer.texture is None else self._textures[layer.texture],
            "u_base": (*_srgb(material.color[:3]), material.color[3]),
            "u_glow": _srgb(material.glow),
            "u_cutoff": material.cutoff,
            "u_place": material.place,
            "u_bump_scale": material.bump_scale,
        }
        for name, number in (("u_glowing", material.glow_texture), ("u_bumps", material.bumps)):
            if number in self._textures:
                values[name] = self._textures[number]
        if material.shade is not None:
            # MToon: the shade ends at -1 + toony - shift, and begins at 1 - toony - shift.
            low, high = -1 + material.toony - material.shift, 1 - material.toony - material.shift
            shares = [min(s / max(c, 1e-3), 1) for s, c in zip(material.shade, material.color, strict=False)]
            values |= {"u_shade": _srgb(shares), "u_edge": (min(low, high) - 1e-3, max(low, high) + 1e-3)}
        for name in values.keys() & known:
            program[name] = values[name]

    def _program(self, kind: Kind) -> gloo.Program:
        if kind not in self._programs:
            self._programs[kind] = self._made(*sources(kind))
        return self._programs[kind]

    def _made(self, vertex: str, fragment: str) -> gloo.Program:
        """A program that has all values that others have."""
        program = gloo.Program(vertex, fragment)
        self._variables[program] = {name for _, _, name in program.variables}
        for name in self._values.keys() & self._variables[program]:
            program[name] = self._values[name]
        return program

    def _set(self, **values: object) -> None:
        """Set variables in all programs that have them, also those to come."""
        self._values |= values
        for program, known in self._variables.items():
            for name in values.keys() & known:
                program[name] = values[name]


def _srgb(linear: Sequence[float]) -> tuple[float, ...]:
    """Colours as the shaders take them; see avatar_shaders.py."""
    return tuple(max(c, 0.0) ** _POWER for c in linear)


def _texture(pixels: Array) -> gloo.Texture2D:
    return gloo.Texture2D(
        np.ascontiguousarray(pixels), interpolation="linear", wrapping="repeat", internalformat="rgba8"
    )
