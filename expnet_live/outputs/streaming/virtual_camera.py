"""A virtual camera: to meetings, OBS, and whatever else takes a camera.

pyvirtualcam feeds it. It is under the GPL, so that whoever wants it installs it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from expnet_live.avatars.avatar import Avatar
from expnet_live.avatars.swinging import Swings
from expnet_live.core.errors import UserError
from expnet_live.core.extras import install
from expnet_live.core.types import Image
from expnet_live.geometry.camera import Camera
from expnet_live.heads.dressing import Haired
from expnet_live.heads.head import Head, face_triangles
from expnet_live.heads.tone import toned
from expnet_live.live.state import LiveFace
from expnet_live.outputs.address import Address
from expnet_live.outputs.output import Option, OutputKind, Sender
from expnet_live.outputs.sample import Sample
from expnet_live.render.overlay import draw_overlay
from expnet_live.render.shading import Surface
from expnet_live.render.textured import AvatarPainter

if TYPE_CHECKING:
    import pyvirtualcam

_FPS = 30.0
_GREEN, _BLACK = (0, 177, 64), (0, 0, 0)  # RGB; the green of screens that programs cut out
_ANY_SKIN, _SAME_SKIN = np.full(3, -1.0), 3.0  # sRGB 0..255: none, and a change that nobody sees
_MISSING = f"The output camera needs pyvirtualcam; install it: {install('pyvirtualcam')}"
_GONE = "{place} takes no more pictures ({error}); start it again, and then this output."
_NO_DEVICE = {
    "linux": "There is no virtual camera; make one: sudo modprobe v4l2loopback exclusive_caps=1",
    "other": "There is no virtual camera; install OBS Studio, and start its virtual camera once.",
}


class VirtualCamera(OutputKind):
    name, port = "camera", 0
    about = "Virtual camera: meetings, OBS, browsers"
    options: Mapping[str, Option] = {
        "picture": Option("the face over the camera, the head alone, or the camera", ("overlay", "head", "camera")),
        "background": Option("behind the head alone", ("green", "black")),
        "device": Option("the virtual camera, such as /dev/video4", ("",), free=True),
    }

    def open(self, address: Address) -> Sender:
        try:
            import pyvirtualcam
        except ImportError as error:
            raise UserError(_MISSING) from error
        color = _GREEN if self.option(address, "background") == "green" else _BLACK
        painter = _Painter(self.option(address, "picture"), np.array(color[::-1], np.uint8))
        return _Camera(pyvirtualcam, painter, self.option(address, "device") or None)

    def place(self, address: Address) -> str:
        return self.option(address, "device") or "the virtual camera"

    def title(self, address: Address) -> str:
        return self.name


class _Camera(Sender):
    """Of the size of the first picture; others are fitted into it."""

    def __init__(self, library: Any, painter: _Painter, device: str | None) -> None:
        self._library, self._painter, self._device = library, painter, device
        self._camera: pyvirtualcam.Camera | None = None

    def send(self, sample: Sample) -> None:
        if sample.state is None:
            return
        image = self._painter(sample.state.captured.frame.image, sample.face)
        if self._camera is None:
            self._camera = self._open(image)
        try:
            self._camera.send(fitted(image, self._camera.width, self._camera.height))
        except (RuntimeError, OSError) as error:
            raise UserError(_GONE.format(place=self._device or "The virtual camera", error=error)) from error

    def close(self) -> None:
        if self._camera is not None:
            self._camera.close()

    def _open(self, image: Image) -> Any:
        height, width = (n - n % 2 for n in image.shape[:2])
        form = self._library.PixelFormat.BGR
        try:
            return self._library.Camera(width, height, _FPS, fmt=form, device=self._device)
        except (RuntimeError, OSError) as error:
            if self._device:
                raise UserError(f"{self._device} is no virtual camera, or another program feeds it.") from error
            raise UserError(_NO_DEVICE["linux" if sys.platform == "linux" else "other"]) from error


class _Painter:
    """Draws a face, with its own head and the person's own pose."""

    def __init__(self, picture: str, background: Image) -> None:
        self._picture, self._background = picture, background
        self._head: Head | None = None
        self._skin = _ANY_SKIN
        self._surface: Surface | None = None
        self._haired: Haired | None = None
        self._avatar: AvatarPainter | None = None
        self._swings = Swings()

    def __call__(self, image: Image, face: LiveFace | None) -> Image:
        if self._picture == "camera":
            return image
        alone = self._picture == "head"
        if alone:
            # First a row: numpy copies three bytes at a time for milliseconds.
            row = np.tile(self._background, (image.shape[1], 1))
            image = np.tile(row, (image.shape[0], 1, 1))
        if face is None:
            return image
        if isinstance(face.head, Avatar):
            if self._avatar is None or self._avatar.avatar is not face.head:
                self._avatar = AvatarPainter(face.head, finely=False)
            return self._avatar.draw(image, (face if alone else self._in_place(face)).drawn(), face.state.pose)
        height, width = image.shape[:2]
        view = Camera.for_image(width, height).view(face.pose if alone else face.state.pose)
        opacity = 1.0 if alone else 0.75
        surface, vertices, normals = self._surface_of(face, alone), face.vertices, face.normals
        if self._haired is not None:
            vertices, normals = self._haired.mesh(vertices, normals)
        return draw_overlay(image, surface, vertices, normals, view, opacity=opacity)

    def _in_place(self, face: LiveFace) -> LiveFace:
        """Turned as the camera sees it; then its hair swings otherwise than in the window."""
        if face.straight is None:
            return face
        self._swings.on = face.swings is not None and face.swings.on
        return replace(face.in_place, swings=self._swings)

    def _surface_of(self, face: LiveFace, whole: bool) -> Surface:
        head, skin = face.head, _ANY_SKIN if face.skin is None else face.skin
        if self._surface is None or self._head is not head or np.abs(skin - self._skin).max() > _SAME_SKIN:
            painted = toned(head, face.skin)
            self._head, self._skin, self._haired = head, skin, Haired.of(painted) if whole else None
            made: Haired | Head = self._haired or painted
            triangles = made.triangles if whole else face_triangles(head)
            shine = head.traits.shine if self._haired is None else self._haired.shine
            self._surface = Surface(triangles, made.colors, shine)
        return self._surface


def fitted(image: Image, width: int, height: int) -> Image:
    """The whole picture in that size, between black bars where its shape is another."""
    h, w = image.shape[:2]
    if (w - w % 2, h - h % 2) == (width, height):
        return np.ascontiguousarray(image[:height, :width])
    scale = min(width / w, height / h)
    small = cv2.resize(image, (max(1, round(w * scale)), max(1, round(h * scale))), interpolation=cv2.INTER_AREA)
    out = np.zeros((height, width, 3), np.uint8)
    y, x = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
    out[y : y + small.shape[0], x : x + small.shape[1]] = small
    return out


OUTPUT = VirtualCamera()
