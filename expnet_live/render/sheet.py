"""Sheets of pictures of the face model: its 29 components, the rig's 52 actions, and the mean face from all sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from expnet_live.core.arkit import ARKIT, blendshapes_of
from expnet_live.core.files import whole
from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.heads.face_model import FaceModel
from expnet_live.render.shading import Surface, render

_BACK, _CARD = (30, 27, 25), (40, 36, 33)  # BGR
_BRIGHT, _DIM = (238, 234, 230), (165, 155, 148)
_AMOUNT = 2.0  # sd
_SEEN = 6.0  # mm
_COLUMNS = 5
FACE = (186, 216)  # px, width and height of one face of a component
PORTRAIT = (470, 620)  # px, of the mean face
_ACROSS = 9  # actions of the rig in a row
_LEGEND = 700  # px for its heading
# Actions shown from the side, and additional actions without which one would be invisible.
_TURNED = frozenset({"jawForward", "mouthFunnel", "mouthPucker", "mouthRollLower", "mouthRollUpper", "tongueOut"})
_BESIDE = {"mouthClose": {"jawOpen": 1.0}}
_GAP, _LABEL, _MARGIN, _TITLE = 14, 34, 30, 92


class _Painter:
    def __init__(self, model: FaceModel) -> None:
        self.model = model
        self.surface = Surface(model.triangles, model.colors, model.anatomy.shine)

    def draw(
        self,
        size: tuple[int, int],
        coefficients: Mapping[str, float] | None = None,
        *,
        scale: float,
        at: tuple[float, float] = (0.0, -4.0),
        rotation: tuple[float, float, float] = (0.0, 0.0, 0.0),
        gaze: tuple[float, float] | None = (0.0, 0.0),
        blendshapes: Array | None = None,
    ) -> Image:
        """The head at `scale` px per mm, centred on the point `at` (mm, before the head turns)."""
        vertices = self.model.vertices(
            self.model.expression_of(**(coefficients or {})),
            gaze=None if gaze is None else np.tile(gaze, (2, 1)),
            blendshapes=blendshapes,
        )
        view = WeakPerspective(
            np.array(rotation), scale, (size[0] - 1) / 2 - at[0] * scale, (size[1] - 1) / 2 + at[1] * scale
        )
        return render(self.surface, vertices, self.model.normals(vertices), view, size, background=_CARD, supersample=2)


def cells(n: int, face: tuple[int, int] = FACE) -> list[tuple[int, int]]:
    """The top left corners (x, y) of a sheet's cells: the neutral face, then n components."""
    step = 3 * face[0] + _GAP, face[1] + _LABEL + _GAP
    return [(_MARGIN + k % _COLUMNS * step[0], _TITLE + k // _COLUMNS * step[1]) for k in range(n + 1)]


def component_sheet(model: FaceModel, names: Sequence[str] = (), face: tuple[int, int] = FACE) -> Image:
    """Components (all by default) at +2 and -2 standard deviations, and at a clearly visible strength; BGR."""
    names = names or model.names
    paint = _Painter(model)
    width, height = face
    corners = cells(len(names), face)
    right, bottom = (max(c[axis] for c in corners) for axis in (0, 1))
    sheet = _canvas(right + 3 * width + _MARGIN, bottom + height + _LABEL + _MARGIN)
    _write(sheet, f"The {len(names)} expression components", (_MARGIN, 48), 34, _BRIGHT)
    legend = (
        "each at +2 (left) and -2 standard deviations (middle) on the mean face, and so far"
        f" that some point of the face moves by {_SEEN:g} mm (right)"
    )
    _write(sheet, legend, (_MARGIN, 76), 18, _DIM)
    scale = 1.1 * width / 186
    for name, (x, y) in zip((None, *names), corners, strict=True):
        sheet[y : y + height + _LABEL, x : x + 3 * width] = _CARD
        base = y + height + 23
        if name is None:
            views = [
                paint.draw(face, scale=scale, rotation=(0.0, yaw, 0.0), at=(-48.0 * yaw, 4.0)) for yaw in (0, 0.6, -0.6)
            ]
            _write(sheet, "at rest", (x + 10, base), 17, _BRIGHT)
        else:
            seen = _SEEN / float(np.linalg.norm(model.expression[model.index(name)], axis=1).max())
            amounts = (_AMOUNT, -_AMOUNT, seen)
            views = [paint.draw(face, {name: amount}, scale=scale, at=(0.0, 4.0)) for amount in amounts]
            _write(sheet, _spaced(name), (x + 10, base), 17, _BRIGHT)
            _write(sheet, f"+2, -2, +{seen:.3g} sd", (x + 3 * width - 10, base), 15, _DIM, "right")
        sheet[y : y + height, x : x + 3 * width] = np.hstack(views)
    return sheet


def rig_sheet(model: FaceModel, names: Sequence[str] = ARKIT, face: tuple[int, int] = FACE) -> Image:
    """The neutral face, and actions of the rig at full strength, each on the mean face; BGR."""
    paint = _Painter(model)
    width, height = face
    step = width + _GAP // 2, height + _LABEL
    places = [(_MARGIN + k % _ACROSS * step[0], _TITLE + k // _ACROSS * step[1]) for k in range(len(names) + 1)]
    right, bottom = (max(place[axis] for place in places) for axis in (0, 1))
    sheet = _canvas(max(right + width + _MARGIN, _LEGEND), bottom + step[1] + _MARGIN // 2)
    _write(sheet, f"The {len(names)} actions of the rig", (_MARGIN, 48), 34, _BRIGHT)
    _write(sheet, "each at full strength on the mean face; mouthClose with the jaw open", (_MARGIN, 76), 18, _DIM)
    for name, (x, y) in zip(("at rest", *names), places, strict=True):
        weights = blendshapes_of(**({name: 1.0} if name in ARKIT else {}), **_BESIDE.get(name, {}))
        turned = name in _TURNED
        view = paint.draw(
            face,
            scale=1.12 * width / 186,
            rotation=(0.0, 0.7 if turned else 0.0, 0.0),
            at=(-36.0 if turned else 0.0, -1.0),
            gaze=None,
            blendshapes=weights,
        )
        sheet[y : y + height, x : x + width] = view
        _write(sheet, name, (x + width // 2, y + height + 18), 14, _BRIGHT, "middle")
    return sheet


def mean_face_sheet(model: FaceModel, face: tuple[int, int] = PORTRAIT) -> Image:
    """The mean face from the front, half-turned and from the side, and close-ups of its eyes; BGR."""
    paint = _Painter(model)
    eyes = (face[0], face[1] // 3)
    views = (("front", 0.0, 0.0), ("three quarters", 0.6, -34.0), ("side", 1.5, -67.0))
    half = 3.7 / float(
        np.linalg.norm(model.expression[model.index("eyeBlinkLeft")], axis=1).max()
    )  # moves lids by 3.7 mm
    looks: tuple[tuple[str, dict[str, float], tuple[float, float]], ...] = (
        ("straight ahead", {}, (0.0, 0.0)),
        ("aside", {}, (0.45, 0.05)),
        ("half shut", {"eyeBlinkLeft": half, "eyeBlinkRight": half}, (0.0, -0.1)),
    )
    step = face[0] + _GAP
    sheet = _canvas(2 * _MARGIN + 3 * step - _GAP, _TITLE + face[1] + eyes[1] + 2 * _LABEL + _GAP + _MARGIN)
    _write(sheet, "The mean face", (_MARGIN, 48), 34, _BRIGHT)
    _write(sheet, "with the colours learned from photos, and its eyes", (_MARGIN, 76), 18, _DIM)
    y2 = _TITLE + face[1] + _LABEL + _GAP
    for k, ((name, yaw, x), (look, shape, gaze)) in enumerate(zip(views, looks, strict=True)):
        left = _MARGIN + k * step
        sheet[_TITLE : _TITLE + face[1] + _LABEL, left : left + face[0]] = _CARD
        sheet[y2 : y2 + eyes[1] + _LABEL, left : left + eyes[0]] = _CARD
        sheet[_TITLE : _TITLE + face[1], left : left + face[0]] = paint.draw(
            face, scale=face[0] / 241, rotation=(0.0, yaw, 0.0), at=(x, -2.0), gaze=(0.0, 0.0)
        )
        _write(sheet, name, (left + face[0] // 2, _TITLE + face[1] + 22), 17, _BRIGHT, "middle")
        sheet[y2 : y2 + eyes[1], left : left + eyes[0]] = paint.draw(
            eyes, shape, scale=face[0] / 112, at=(0.0, 36.0), gaze=gaze
        )
        _write(sheet, look, (left + eyes[0] // 2, y2 + eyes[1] + 22), 17, _BRIGHT, "middle")
    return sheet


def save_component_sheet(model: FaceModel, out: Path) -> None:
    """Write the component sheet to `out` (PNG) and the mean face to mean_face.png beside it."""
    for path, picture in ((out, component_sheet(model)), (out.with_name("mean_face.png"), mean_face_sheet(model))):
        ok, data = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])
        assert ok
        with whole(path) as partial:
            partial.write_bytes(data.tobytes())


def save_rig_sheet(model: FaceModel, out: Path) -> None:
    """Write the rig's sheet to `out`, a WebP."""
    ok, data = cv2.imencode(".webp", rig_sheet(model), [cv2.IMWRITE_WEBP_QUALITY, 86])
    assert ok
    with whole(out) as partial:
        partial.write_bytes(data.tobytes())


def _spaced(name: str) -> str:
    """mouthSmileLeft as words: mouth smile left."""
    return "".join(f" {c.lower()}" if c.isupper() else c for c in name)


def _canvas(width: int, height: int) -> Image:
    return np.full((height, width, 3), _BACK, np.uint8)


def _write(
    image: Image, text: str, at: tuple[int, int], size: int, color: tuple[int, int, int], align: str = "left"
) -> None:
    """Draw text of `size` px, with the left end, middle or right end of its baseline at a pixel."""
    from PIL import Image as Picture
    from PIL import ImageDraw, ImageFont

    picture = Picture.fromarray(image)
    anchor = {"left": "ls", "middle": "ms", "right": "rs"}[align]
    ImageDraw.Draw(picture).text(at, text, color, ImageFont.load_default(size), anchor=anchor)
    image[:] = np.asarray(picture)
