"""One visual for the head: buffers made once, positions and normals replaced each frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from vispy import gloo

from expnet_live.app.head import shaders
from expnet_live.app.head.geometry import HeadGeometry
from expnet_live.face_model.hair import lift
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.geometry.rotation import matrix_from_vector
from expnet_live.render.shading import STUDIO
from expnet_live.types import Array, Image

# Of the base points: forehead, cheeks and chin.
_SKIN_POINTS = (151, 108, 337, 50, 280, 205, 425, 199)
_BLEND = ("src_alpha", "one_minus_src_alpha", "zero", "one")


@dataclass(frozen=True)
class Look:
    """How the head is drawn. Colours are sRGB 0..1."""

    wireframe: bool = False
    painted: bool = False
    hair: bool = True
    line: tuple[float, float, float] = (0.36, 0.83, 0.77)
    middle: tuple[float, float, float] = (0.17, 0.18, 0.20)
    edge: tuple[float, float, float] = (0.08, 0.085, 0.095)
    clay: tuple[float, float, float] = (0.20, 0.215, 0.24)


class HeadVisual:
    """Needs a current OpenGL context for `draw` alone; everything else may be called before there is one."""

    def __init__(self, geometry: HeadGeometry) -> None:
        self._geometry = geometry
        self._head = gloo.Program(shaders.HEAD_VERTEX, shaders.HEAD_FRAGMENT)
        self._grid = gloo.Program(shaders.HEAD_VERTEX, shaders.GRID_FRAGMENT)
        self._backdrop = gloo.Program(shaders.BACKDROP_VERTEX, shaders.BACKDROP_FRAGMENT)
        self._backdrop["a_corner"] = np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]], np.float32)
        self._triangles = gloo.IndexBuffer(geometry.triangles)
        self._lines = gloo.IndexBuffer(geometry.grid)
        self._positions = gloo.VertexBuffer(np.ascontiguousarray(geometry.rest, np.float32))
        self._normals = gloo.VertexBuffer(np.zeros((geometry.size, 3), np.float32))
        self._photo = gloo.Texture2D(
            np.zeros((2, 2, 3), np.uint8), interpolation="linear", wrapping="clamp_to_edge", internalformat="rgb8"
        )
        traits = np.stack([geometry.shine, geometry.openness, geometry.paint, lift(geometry.hair)], 1)
        for program in (self._head, self._grid):
            program["a_position"], program["a_normal"] = self._positions, self._normals
            program["a_color"] = geometry.colors
            program["a_traits"], program["a_rest"] = traits, geometry.rest
            program["u_pose"], program["u_place"], program["u_picture"] = np.eye(3), (1.0, 0.0, 0.0), (1.0, 1.0)
        self._head["u_neck"] = float(geometry.rest[:, 1].min())
        self._complexion = np.ones(3)
        self._head["u_complexion"] = self._complexion
        self._set_lights()
        self._head["u_photo"], self._head["u_nudge"], self._grid["u_nudge"] = self._photo, 0.0, 0.0006
        self.place(np.eye(4, dtype=np.float32), np.eye(4, dtype=np.float32), np.eye(4, dtype=np.float32))
        self.set_look(Look())

    def set_mesh(self, vertices: Array, normals: Array) -> None:
        """Vertices (V, 3) in mm and unit normals (V, 3), float32."""
        self._positions.set_data(np.ascontiguousarray(vertices, np.float32))
        self._normals.set_data(np.ascontiguousarray(normals, np.float32))

    def set_photo(self, image: Image, view: WeakPerspective) -> None:
        """The picture (H, W, 3) BGR that the face wears when it is painted, and where the face is in it."""
        height, width = image.shape[:2]
        rgb = np.ascontiguousarray(image[:, :, ::-1])
        if self._photo.shape[:2] != (height, width):
            self._photo.resize((height, width, 3), format="rgb", internalformat="rgb8")
        self._photo.set_data(rgb)
        self._head["u_pose"] = matrix_from_vector(view.rotation).astype(np.float32).T
        self._head["u_place"] = (view.scale, view.x, view.y)
        self._head["u_picture"] = (float(width), float(height))
        self._match_complexion(image, view)

    def _match_complexion(self, image: Image, view: WeakPerspective) -> None:
        """Brings ears, neck and skull to the colour of the cheeks and forehead in the picture, slowly."""
        height, width = image.shape[:2]
        at = np.round(view.project(self._geometry.rest[list(_SKIN_POINTS)])[:, :2]).astype(int)
        at = at[(at >= 0).all(1) & (at[:, 0] < width) & (at[:, 1] < height)]
        if len(at):
            seen = np.median(image[at[:, 1], at[:, 0], ::-1], axis=0) / 255
            ours = self._geometry.colors[list(_SKIN_POINTS)].mean(0)
            # As the shader does with the picture: its light is in it.
            wanted = np.clip(1.08 * seen**2 / ours, 0.05, 2.0)
            self._complexion += 0.1 * (wanted - self._complexion)
            self._head["u_complexion"] = self._complexion

    def set_look(self, look: Look) -> None:
        self._look = look
        self._head["u_paint"] = float(look.painted)
        self._head["u_clay"] = 0.9 if look.wireframe else 0.0
        hair = 1.0 if look.hair and not look.wireframe else 0.0
        self._head["u_hair"] = self._grid["u_hair"] = hair
        self._head["u_tint"] = tuple(c**2.2 for c in look.clay)
        self._grid["u_line"] = (*look.line, 0.85)
        self._backdrop["u_middle"], self._backdrop["u_edge"] = look.middle, look.edge

    def place(self, model: Array, view: Array, projection: Array) -> None:
        """Matrices (4, 4) for columns."""
        for program in (self._head, self._grid):
            program["u_model"], program["u_view"], program["u_projection"] = model.T, view.T, projection.T
        self._mirrored = bool(np.linalg.det(model[:3, :3]) < 0)
        self._backdrop["u_aspect"] = float(projection[1, 1] / projection[0, 0])

    def draw(self) -> None:
        # vispy clears the alpha channel with this colour after us: anything but 1 makes pictures of it transparent.
        gloo.set_state(depth_test=False, blend=False, cull_face=False, clear_color=(0, 0, 0, 1))
        gloo.clear(color=False, depth=True)
        self._backdrop.draw("triangle_strip")
        # A mirrored head runs the other way round.
        gloo.set_state(depth_test=True, cull_face=True, front_face="cw" if self._mirrored else "ccw")
        gloo.set_cull_face("back")
        gloo.set_state(blend=True, blend_func=_BLEND)
        self._head.draw("triangles", self._triangles)
        if self._look.wireframe:
            gloo.set_state(cull_face=False)
            self._grid.draw("lines", self._lines)
        gloo.set_state(depth_test=False, blend=False, cull_face=False)

    def _set_lights(self) -> None:
        for i, light in enumerate(STUDIO):
            half = light.unit + np.array([0, 0, 1], np.float32)
            self._head[f"u_toward[{i}]"] = light.unit
            self._head[f"u_light[{i}]"] = light.color
            self._head[f"u_halfway[{i}]"] = half / np.linalg.norm(half)
        self._head["u_highlight"] = tuple(light.highlight for light in STUDIO)
        self._head["u_sky"], self._head["u_ground"] = (0.20, 0.22, 0.26), (0.13, 0.10, 0.09)
