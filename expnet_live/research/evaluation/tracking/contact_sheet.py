"""Overlays of frames from videos, side by side in one picture."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.files import whole
from expnet_live.core.types import FaceState, Frame, Image
from expnet_live.geometry.camera import Camera
from expnet_live.heads.head import face_triangles
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.render.overlay import draw_overlay
from expnet_live.render.shading import Surface

_WIDTH, _HEIGHT = 300, 300  # px of a cell
_COLUMNS = 5


class ContactSheet:
    """Collects up to `count` frames of each source: the face above, with the model drawn over it below."""

    def __init__(self, pipeline: Pipeline, count: int) -> None:
        model = pipeline.face_model
        self._surface = Surface(face_triangles(model), model.colors, model.traits.shine)
        self._pipeline, self._count = pipeline, count
        self._cells: dict[str, list[Image]] = {}

    def add(self, frame: Frame, states: list[FaceState]) -> None:
        cells = self._cells.setdefault(frame.source, [])
        if len(cells) == self._count:
            return
        drawn = frame.image
        camera = Camera.for_image(frame.image.shape[1], frame.image.shape[0])
        for state in states:
            vertices, normals = self._pipeline.mesh(state)
            drawn = draw_overlay(drawn, self._surface, vertices, normals, camera.view(state.pose))
        rows, columns = _region(frame.image, states)
        seen, drawn = frame.image[rows, columns], drawn[rows, columns]
        text = f"{frame.timestamp:.1f} s" + (f", {states[0].confidence:.2f}" if states else ", no face")
        cells.append(np.concatenate([_fitted(seen), _titled(_fitted(drawn), text)]))

    def write(self, path: Path) -> None:
        """Write the sheet. Raises UserError if that fails."""
        rows = []
        for cells in self._cells.values():
            full = cells + [np.zeros_like(cells[0])] * (-len(cells) % _COLUMNS)
            rows += [np.concatenate(full[i : i + _COLUMNS], 1) for i in range(0, len(full), _COLUMNS)]
        ok, data = cv2.imencode(path.suffix or ".jpg", np.concatenate(rows)) if rows else (False, np.empty(0))
        if not ok:
            raise UserError(
                "The contact sheet cannot be made; give it a name ending in .jpg or .png, and videos with frames."
            )
        with whole(path) as partial:
            partial.write_bytes(data.tobytes())


def _region(image: Image, states: list[FaceState]) -> tuple[slice, slice]:
    """Rows and columns around the face, or of the whole picture."""
    height, width = image.shape[:2]
    if not states:
        return slice(height), slice(width)
    (x, y), reach = states[0].box.center, 0.9 * max(states[0].box.w, states[0].box.h)
    top, left = (int(np.clip(v - reach, 0, n - 16)) for v, n in ((y, height), (x, width)))
    bottom, right = (int(np.clip(v + reach, 16, n)) for v, n in ((y, height), (x, width)))
    return slice(top, bottom), slice(left, right)


def _fitted(image: Image) -> Image:
    """The picture in the middle of a cell."""
    height, width = image.shape[:2]
    zoom = min(_WIDTH / width, _HEIGHT / height)
    small = cv2.resize(image, (round(width * zoom), round(height * zoom)), interpolation=cv2.INTER_AREA)
    left, top = (_WIDTH - small.shape[1]) // 2, (_HEIGHT - small.shape[0]) // 2
    cell = np.zeros((_HEIGHT, _WIDTH, 3), np.uint8)
    cell[top : top + small.shape[0], left : left + small.shape[1]] = small
    return cell


def _titled(cell: Image, text: str) -> Image:
    for color, thickness in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(cell, text, (8, _HEIGHT - 10), cv2.FONT_HERSHEY_SIMPLEX, 0.5, color, thickness, cv2.LINE_AA)
    return cell
