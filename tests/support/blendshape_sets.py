"""Faces of other models, written as folders of blendshapes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from expnet_live.core.types import Array
from expnet_live.heads.face_model import FaceModel

SHAPES = {
    "eyeBlink_L": {"eyeBlinkLeft": 6.2},
    "eyeBlink_R": {"eyeBlinkRight": 6.2},
    "jawOpen": {"jawOpen": 6.0},
    "MouthSmileLeft": {"mouthSmileLeft": 4.0},
    "mouthSmileRight": {"mouthSmileRight": 4.0},
    "browInnerUp": {"browInnerUp": 4.0},
    "jawLeft": {"jawLeft": 4.0},
    "jawRight": {"jawLeft": -4.0},
}


def write_obj(path: Path, points: Array, triangles: Array | None = None) -> None:
    text = "".join(f"v {x:.5f} {y:.5f} {z:.5f}\n" for x, y, z in points.tolist())
    if triangles is not None:
        text += "".join(f"f {a} {b} {c}\n" for a, b, c in (triangles + 1).tolist())
    path.write_text(text, encoding="utf-8")


def make_set(folder: Path, model: FaceModel, shapes: dict[str, dict[str, float]], unit: float = 0.1) -> None:
    """A face of another size, somewhere else, in cm, as blendshapes."""
    folder.mkdir(exist_ok=True)
    at = np.array([3.0, 150.0, 8.0])

    def face(**moved: float) -> Array:
        return 1.04 * model.vertices(model.expression_of(**moved))[: model.n_face] * unit + at

    write_obj(folder / "neutral.obj", face(), model.face_triangles)
    for name, moved in shapes.items():
        write_obj(folder / f"{name}.obj", face(**moved))
