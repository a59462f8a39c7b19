"""One visual for the head: its buffers are created once, positions and normals are replaced each frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from vispy import gloo

from expnet_live.app.view3d import shaders
from expnet_live.app.view3d.geometry import HeadGeometry
from expnet_live.app.view3d.strand_visual import StrandVisual
from expnet_live.core.srgb import LUMA, linear_from_srgb
from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.geometry.rotation import matrix_from_vector
from expnet_live.heads.growing import coarse
from expnet_live.heads.hair import FULL, lift
from expnet_live.heads.strands import Strands
from expnet_live.heads.tone import factor_of
from expnet_live.render.shading import STUDIO, Light

Color = tuple[float, float, float]

_GAPE = 0.4, 3.2  # mm between the lips: below the first no light enters, above the second all of it does
_NO_NECK = -1e5  # mm: below anything that is drawn
_PHOTO_WIDTH = 720  # px: more would not be visible on the head, and takes long to upload
_SKY, _GROUND = (0.20, 0.22, 0.26), (0.13, 0.10, 0.09)
_LASH = 0.35  # of the brows' colour
_SOFT = 0.33  # opacity of lashes where the CPU draws


@dataclass(frozen=True)
class Finish:
    """Drawing options of the head. Colours are sRGB 0..1."""

    wireframe: bool = False
    painted: bool = False
    hair: bool = True
    line: tuple[float, float, float] = (0.36, 0.83, 0.77)
    clay: tuple[float, float, float] = (0.20, 0.215, 0.24)


class HeadVisual:
    """Only `draw` needs a current OpenGL context. `frugal`: light vertices instead of pixels; see shaders.py."""

    def __init__(self, frugal: bool = False) -> None:
        self._frugal = frugal
        self._pixel = gloo.Program(shaders.PIXEL_VERTEX, shaders.PIXEL_FRAGMENT)
        self._grid = gloo.Program(shaders.PIXEL_VERTEX, shaders.GRID_FRAGMENT)
        self._locks = StrandVisual(frugal)
        self._lashes = StrandVisual(frugal, _SOFT if frugal else 1.0)
        self._programs = [self._pixel, self._grid, self._locks.program, self._lashes.program]
        if frugal:
            self._plain = gloo.Program(shaders.PLAIN_VERTEX, shaders.PLAIN_FRAGMENT)
            self._hair = gloo.Program(shaders.HAIR_VERTEX, shaders.HAIR_FRAGMENT)
            self._painted = gloo.Program(shaders.PAINTED_VERTEX, shaders.PAINTED_FRAGMENT)
            self._programs += [self._plain, self._hair, self._painted]
        self._variables = [{name for _, _, name in p.variables} for p in self._programs]
        self._positions, self._normals = gloo.VertexBuffer(), gloo.VertexBuffer()
        parts = ("triangles", "skin", "behind_lips", "hairy", "brow", "eyes", "grid")
        self._indices = {part: gloo.IndexBuffer() for part in parts}
        self._photo = gloo.Texture2D(
            np.zeros((2, 2, 3), np.uint8), interpolation="linear", wrapping="clamp_to_edge", internalformat="rgb8"
        )
        self._skin: Array | None = None
        self._tone: Array | None = None  # the head's own
        self._complexion = np.ones(3)
        self._set(u_photo=self._photo, u_complexion=self._complexion, u_nudge=0.0, **light_values())
        self._set(u_pose=np.eye(3), u_place=(1.0, 0.0, 0.0), u_picture=(1.0, 1.0))
        self._set(
            u_neck=0.0, u_gape=1.0, u_lift=1.0, u_cover=(0.4, 3.2), u_hair_color=(0.04, 0.02, 0.01), u_brow=np.zeros(3)
        )
        self._grid["u_nudge"] = 0.0006
        self._gape, self._projection = 1.0, np.zeros((4, 4), np.float32)
        self.place(np.eye(4, dtype=np.float32), np.eye(4, dtype=np.float32))
        self.set_finish(Finish())

    def set_geometry(self, geometry: HeadGeometry) -> None:
        self._geometry, self._tone = geometry, geometry.tone
        self._set_hair(geometry)
        for part, indices in self._indices.items():
            if len(getattr(geometry, part)):
                indices.set_data(getattr(geometry, part))
        self.set_mesh(geometry.rest, np.zeros((geometry.size, 3), np.float32))
        traits = np.stack([geometry.shine, geometry.openness, geometry.paint, lift(geometry.hair)], 1)
        traits[geometry.inside, 3] = -1
        traits[geometry.seam, 3] = np.where(geometry.inside[geometry.seam], -2, -3)
        colors = np.column_stack([geometry.colors, geometry.skinned])
        still = {"a_color": colors, "a_traits": traits, "a_rest": geometry.rest, "a_brow": geometry.brows}
        buffers = {k: gloo.VertexBuffer(np.ascontiguousarray(v, np.float32)) for k, v in still.items()}
        hairs = self._locks.program, self._lashes.program
        self._set(
            [p for p in self._programs if p not in hairs], a_position=self._positions, a_normal=self._normals, **buffers
        )
        self._show_skin()
        self._set(u_neck=_NO_NECK if geometry.neck is None else geometry.neck)

    def _set_hair(self, geometry: HeadGeometry) -> None:
        color, locks, style = linear_from_srgb(geometry.look.hair_rgb), geometry.locks, geometry.style
        if self._frugal and style.locks is not None and len(locks):
            locks = coarse(style.locks, locks)
        brow = color / (1 + 2 * (color @ LUMA))
        self._set(u_hair_color=color, u_brow=brow, u_lift=style.cap / FULL, u_cover=style.cover)
        self._locks.set_strands(locks, color)
        # Without multisampling, a lash narrower than a pixel is a row of dots: make it wider, and let more through.
        self._own_lashes = geometry.lashes.wider(1 / _SOFT) if geometry.lashes and self._frugal else geometry.lashes
        self._lashes.set_strands(self._own_lashes.open if self._own_lashes else Strands.none(), _LASH * brow)

    def set_mesh(self, vertices: Array, normals: Array) -> None:
        """Set vertices (V, 3) in mm and unit normals (V, 3), float32."""
        self._positions.set_data(np.ascontiguousarray(vertices, np.float32))
        self._normals.set_data(np.ascontiguousarray(normals, np.float32))
        if self._haired:
            self._locks.follow(vertices)
        if self._lashed and self._own_lashes is not None:
            self._lashes.move(self._own_lashes.at(vertices))
        upper, lower = vertices[self._geometry.lips].swapaxes(0, 1)
        gap = np.linalg.norm(upper - lower, axis=1).max(initial=0) if len(upper) else np.inf
        share = float(np.clip((gap - _GAPE[0]) / (_GAPE[1] - _GAPE[0]), 0, 1))
        gape = share * share * (3 - 2 * share)
        if gape != self._gape:
            self._gape = gape
            self._set(u_gape=gape)

    def set_photo(self, image: Image, view: WeakPerspective) -> None:
        """Set the picture (H, W, 3) BGR to paint the face with, and the position of the face in it."""
        height, width = image.shape[:2]
        self._match_picture(image, view)
        if width > _PHOTO_WIDTH:
            image = cv2.resize(image, (_PHOTO_WIDTH, round(_PHOTO_WIDTH * height / width)))
        if self._photo.shape[:2] != image.shape[:2]:
            self._photo.resize(image.shape, format="rgb", internalformat="rgb8")
        self._photo.set_data(np.ascontiguousarray(image))
        self._set(
            u_pose=matrix_from_vector(view.rotation).astype(np.float32).T,
            u_place=(view.scale, view.x, view.y),
            u_picture=(float(width), float(height)),
        )

    def set_skin(self, skin: Array | None) -> None:
        """Set the tone of the skin, sRGB (3,) 0..255; None: the head's own."""
        if skin is not self._skin:
            self._skin = skin
            self._show_skin()

    def _show_skin(self) -> None:
        if self._finish.painted:
            factor = self._complexion
        elif self._skin is None or self._tone is None:
            factor = np.ones(3)
        else:
            factor = factor_of(self._skin, self._tone)
        self._set(u_complexion=factor)

    def _match_picture(self, image: Image, view: WeakPerspective) -> None:
        """Slowly adapt ears, neck and skull to the colour of cheeks and forehead in the picture, with its light."""
        height, width = image.shape[:2]
        at = np.round(view.project(self._geometry.rest[self._geometry.complexion])[:, :2]).astype(int)
        at = at[(at >= 0).all(1) & (at[:, 0] < width) & (at[:, 1] < height)]
        if len(at):
            seen = np.median(image[at[:, 1], at[:, 0], ::-1], axis=0) / 255
            ours = self._geometry.colors[self._geometry.complexion].mean(0)
            # The same as in the shader: the picture contains its light.
            wanted = np.clip(1.08 * seen**2 / ours, 0.05, 2.0)
            self._complexion = self._complexion + 0.1 * (wanted - self._complexion)
            self._show_skin()

    def set_finish(self, finish: Finish) -> None:
        self._finish = finish
        self._show_skin()
        self._haired = finish.hair and not finish.wireframe
        # A photo has its own lashes.
        self._lashed = not (finish.wireframe or finish.painted)
        self._set(
            u_paint=float(finish.painted),
            u_clay=0.9 if finish.wireframe else 0.0,
            u_hair=float(self._haired),
            u_tint=tuple(c**2.2 for c in finish.clay),
            u_line=(*finish.line, 0.85),
        )

    def set_lights(self, lights: tuple[Light, Light, Light], sky: Color, ground: Color) -> None:
        """A key, a fill and a rim light, and the linear RGB light from above and from below."""
        self._set(**light_values(lights, sky, ground))

    def place(self, to_eye: Array, projection: Array) -> None:
        """Set the matrices (4, 4), for column vectors, from the model to the camera and from there to the picture."""
        self._to_eye = to_eye.T.copy()
        if not np.array_equal(projection, self._projection):  # vispy takes a while for each variable
            self._projection = projection
            self._set(u_projection=projection.T.copy())
        self._mirrored = bool(np.linalg.det(to_eye[:3, :3]) * projection[0, 0] * projection[1, 1] < 0)

    def draw(self) -> None:
        # Mirroring reverses the order of the triangles' corners.
        gloo.set_state(cull_face=True, front_face="cw" if self._mirrored else "ccw")
        gloo.set_cull_face("back")
        if self._frugal:
            skin = self._painted if self._finish.painted else self._plain
            self._draw(skin, "skin")
            if self._gape > 0:  # else all is black behind the lips
                self._draw(skin, "behind_lips")
            self._draw(self._hair if self._haired else skin, "hairy")
            self._draw(self._painted if self._finish.painted else self._pixel, "brow")
            self._draw(self._pixel, "eyes")
        else:
            self._draw(self._pixel, "triangles")
        gloo.set_state(cull_face=False)
        if self._haired:
            self._locks.draw(self._to_eye)
        if self._lashed:
            self._lashes.draw(self._to_eye)
        if self._finish.wireframe:
            gloo.set_state(blend=True, blend_func=shaders.BLEND)
            self._draw(self._grid, "grid", "lines")

    def warm_up(self) -> None:
        """Draw something invisible with each program, because drivers compile them when they first draw."""
        corner = np.zeros((3, 3), np.float32)
        points = {name: gloo.VertexBuffer(corner) for name in ("a_position", "a_normal", "a_rest", "a_brow")}
        fours = {name: gloo.VertexBuffer(np.zeros((3, 4), np.float32)) for name in ("a_color", "a_traits")}
        self._set(**points, **fours, a_tangent=points["a_rest"], a_lock=fours["a_color"])
        indices = gloo.IndexBuffer(np.arange(3, dtype=np.uint16))
        self.place(np.eye(4, dtype=np.float32), np.eye(4, dtype=np.float32))
        for program in self._programs:
            program["u_to_eye"] = self._to_eye
            program.draw("triangles", indices)

    def _draw(self, program: gloo.Program, part: str, mode: str = "triangles") -> None:
        if not len(getattr(self._geometry, part)):
            return
        program["u_to_eye"] = self._to_eye
        program.draw(mode, self._indices[part], check_error=False)

    def _set(self, programs: Sequence[gloo.Program] | None = None, /, **values: object) -> None:
        """Set variables in all programs, or in these, that have them."""
        for program, variables in zip(self._programs, self._variables, strict=True):
            if programs is not None and program not in programs:
                continue
            for name in values.keys() & variables:
                program[name] = values[name]


def light_values(lights: Sequence[Light] = STUDIO, sky: Color = _SKY, ground: Color = _GROUND) -> dict[str, object]:
    """The lights as uniforms of the shaders."""
    values: dict[str, object] = {
        "u_sky": sky,
        "u_ground": ground,
        "u_highlight": tuple(light.highlight for light in lights),
    }
    for i, light in enumerate(lights):
        half = light.unit + np.array([0, 0, 1], np.float32)
        values |= {
            f"u_toward[{i}]": light.unit,
            f"u_light[{i}]": light.color,
            f"u_halfway[{i}]": half / np.linalg.norm(half),
        }
    return values
