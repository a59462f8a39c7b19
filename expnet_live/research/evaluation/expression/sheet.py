"""The contact sheet: the strongest moment of every action, the face beside the head that mirrors it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from expnet_live.core.arkit import ARKIT
from expnet_live.core.errors import UserError
from expnet_live.core.files import whole
from expnet_live.core.types import Array, FaceState, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.heads.face_model import FaceModel
from expnet_live.render.shading import Surface, render

_CELL = 150  # px of a face, and of the head beside it
_COLUMNS = 7
_TITLE = 20  # px
_HEAD_MM = 250.0  # of the drawn head in its cell


@dataclass(frozen=True, eq=False)
class _Best:
    strength: float
    face: Image
    state: FaceState


class ContactSheet:
    """Keeps the strongest moment of every action that it is offered."""

    def __init__(self, model: FaceModel) -> None:
        self._model = model
        self._best: dict[str, _Best] = {}

    def offer(self, strengths: Array, image: Image, states: list[FaceState], only: str | None = None) -> None:
        """A picture with the strengths (52,) that are true in it; where it is offered for one action `only`."""
        if not states or states[0].blendshapes is None:
            return
        face: Image | None = None
        for name, strength in zip(ARKIT, strengths.tolist(), strict=True):
            best = self._best.get(name)
            if (only is None or name == only) and (best is None or strength >= best.strength):
                face = _cut(image, states[0]) if face is None else face
                self._best[name] = _Best(strength, face, states[0])

    def write(self, path: Path) -> None:
        """Raises UserError when there is nothing to show, or `path` names no kind of picture."""
        cells = [self._cell(name, self._best[name]) for name in ARKIT if name in self._best]
        if not cells:
            raise UserError("The contact sheet would be empty; name clips of faces, or ask for performances.")
        cells += [np.zeros_like(cells[0])] * (-len(cells) % _COLUMNS)
        sheet = np.concatenate(
            [np.concatenate(cells[i : i + _COLUMNS], 1) for i in range(0, len(cells), _COLUMNS)], axis=0
        )
        try:
            ok, data = cv2.imencode(path.suffix or ".webp", sheet, [cv2.IMWRITE_WEBP_QUALITY, 70])
        except cv2.error:
            ok = False
        if not ok:
            raise UserError("The contact sheet cannot be made; give it a name ending in .webp, .png or .jpg.")
        with whole(path) as partial:
            partial.write_bytes(data.tobytes())

    def _cell(self, name: str, best: _Best) -> Image:
        model, state = self._model, best.state
        if state.blendshapes is None:
            raise ValueError("A state of the sheet has no blendshapes.")
        vertices = model.vertices(state.expression, state.identity, blendshapes=state.blendshapes)
        surface = Surface(model.triangles, model.colors, model.traits.shine)
        view = WeakPerspective(state.pose.rotation, _CELL / _HEAD_MM, _CELL / 2, _CELL / 2)
        head = render(surface, vertices, model.normals(vertices), view, (_CELL, _CELL))
        title = np.full((_TITLE, 2 * _CELL, 3), 32, np.uint8)
        text = f"{name} {best.strength:.2f} > {state[name]:.2f}"
        cv2.putText(title, text, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (235, 235, 235), 1, cv2.LINE_AA)
        return np.concatenate([title, np.concatenate([best.face, head], 1)])


def _cut(image: Image, state: FaceState) -> Image:
    """The face in the middle of a cell."""
    (x, y), reach = state.box.center, 0.75 * max(state.box.w, state.box.h)
    to_cell = np.array([[_CELL / (2 * reach), 0, 0], [0, _CELL / (2 * reach), 0]])
    to_cell[:, 2] = _CELL / 2 - to_cell[:, :2] @ (x, y)
    return np.asarray(cv2.warpAffine(image, to_cell, (_CELL, _CELL), flags=cv2.INTER_AREA, borderValue=(32, 32, 32)))
