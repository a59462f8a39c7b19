"""Makes the picture of docs/heads.md, looks.webp: the hair styles from the front, and from the side in other colours.

    .venv/bin/python scripts/look_pictures.py docs

Without a screen, run it under xvfb-run.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from expnet_live.app import platform as platforms  # noqa: E402

platforms.prepare()

from PySide6.QtCore import QSize  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from expnet_live.app.view3d.geometry import HeadGeometry  # noqa: E402
from expnet_live.app.view3d.orbit import View, projection  # noqa: E402
from expnet_live.app.view3d.stage import Stage  # noqa: E402
from expnet_live.app.view3d.visual import HeadVisual  # noqa: E402
from expnet_live.core.arkit import blendshapes_of  # noqa: E402
from expnet_live.core.types import Array, Image  # noqa: E402
from expnet_live.geometry.rotation import matrix_from_vector  # noqa: E402
from expnet_live.heads.built_in import face_model  # noqa: E402
from expnet_live.heads.look import Look  # noqa: E402

SIDE, WIDTH, FINE, QUALITY = 288, 224, 4, 90  # px; WIDTH in the middle is shown
TURN = 40.0  # degrees to the side in the second row
SEED = 3  # of the people's shapes
GROUND = np.array((46, 40, 36))  # BGR
SMILE = blendshapes_of(mouthSmileLeft=0.7, mouthSmileRight=0.7, cheekSquintLeft=0.4, cheekSquintRight=0.4)
LOOKS = (
    (Look("none"), Look("none", "gray", "blue")),
    (Look("cropped"), Look("cropped", "black", "dark brown")),
    (Look("short"), Look("short", "dark blond", "green")),
    (Look("swept"), Look("swept", "gray", "gray")),
    (Look("curly"), Look("curly", "red", "green")),
    (Look("long"), Look("long", "blond", "blue")),
)


def drawn(stage: Stage, visual: HeadVisual, look: Look, identity: Array, weights: Array, turn: float) -> Image:
    head = face_model().dressed(look)
    visual.set_geometry(HeadGeometry.of(head))
    vertices = head.vertices(head.expression_of(), identity, blendshapes=weights)
    visual.set_mesh(vertices, head.normals(vertices))
    pose, side, middle = np.eye(4, dtype=np.float32), FINE * SIDE, np.array([0, 0, -60])
    pose[:3, :3] = matrix_from_vector(np.array([0, np.radians(turn), 0]))
    pose[:3, 3] = middle - pose[:3, :3] @ middle
    flip = np.diag([1, -1, 1, 1]).astype(np.float32)
    visual.place(View(distance=700.0).matrix() @ pose, flip @ projection(side, side))
    picture = stage.picture(QSize(side, side), visual.draw)
    pixels = np.frombuffer(picture.constBits(), np.uint8).reshape(side, side, 4)
    small = cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    cut = (SIDE - WIDTH) // 2
    small = small[:, cut : cut + WIDTH]
    return np.clip(small[..., :3] + (1 - small[..., 3:] / 255) * GROUND + 0.5, 0, 255).astype(np.uint8)


def main(folder: Path) -> None:
    _ = QApplication.instance() or QApplication(sys.argv[:1])
    stage, visual, rng = Stage(), HeadVisual(), np.random.default_rng(SEED)
    people = [rng.normal(0, 0.8, face_model().n_identity).astype(np.float32) for _ in LOOKS]
    rest = blendshapes_of()
    front = [drawn(stage, visual, first, face, rest, 0) for (first, _), face in zip(LOOKS, people, strict=True)]
    side = [drawn(stage, visual, second, face, SMILE, TURN) for (_, second), face in zip(LOOKS, people, strict=True)]
    out = np.vstack([np.hstack(front), np.hstack(side)])
    cv2.imwrite(str(folder / "looks.webp"), out, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
    stage.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
