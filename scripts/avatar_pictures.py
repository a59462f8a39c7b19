"""Makes the picture of docs/avatars.md, avatars.webp: five expressions of the demo clip, and below each face three
avatars of our own making that wear it.

    .venv/bin/python scripts/avatar_pictures.py docs

Without a screen, run it under xvfb-run.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from expnet_live.app import platform as platforms  # noqa: E402

platforms.prepare()

from avatar_files import write_avatars  # noqa: E402
from PySide6.QtCore import QSize  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from expnet_live.app.view3d.avatar_geometry import AvatarGeometry  # noqa: E402
from expnet_live.app.view3d.avatar_visual import AvatarVisual  # noqa: E402
from expnet_live.app.view3d.orbit import View, projection  # noqa: E402
from expnet_live.app.view3d.stage import Stage  # noqa: E402
from expnet_live.avatars.avatar import Avatar, posed  # noqa: E402
from expnet_live.avatars.swinging import Swings  # noqa: E402
from expnet_live.capture.sources import open_source  # noqa: E402
from expnet_live.core.types import FaceState, Image  # noqa: E402
from expnet_live.heads.built_in import face_model  # noqa: E402
from expnet_live.pipeline.pipeline import Pipeline  # noqa: E402

MOMENTS = (1.6, 2.9, 4.1, 5.4, 6.8)  # s of the clip
SIDE, FINE, QUALITY = 288, 3, 90
GROUND = np.array((46, 40, 36))  # BGR


def faces() -> list[tuple[Image, FaceState]]:
    """The clip's pictures and faces at those moments."""
    found, wanted = [], list(MOMENTS)
    pipeline, start = Pipeline.load(device="cpu"), None
    for frame in open_source("demo"):
        states = pipeline.process(frame)
        start = frame.timestamp if start is None else start
        if wanted and states and frame.timestamp - start >= wanted[0]:
            found.append((frame.image, states[0]))
            wanted.pop(0)
    return found


def face_of(image: Image, state: FaceState) -> Image:
    """The picture around a face, with room for the shoulders."""
    box = state.box
    x, y = box.center
    half = 1.15 * max(box.w, box.h)
    corner = np.array([[x - half, y - half], [x + half, y - half], [x - half, y + half]], np.float32)
    target = np.array([[0, 0], [SIDE, 0], [0, SIDE]], np.float32)
    return cv2.warpAffine(image, cv2.getAffineTransform(corner, target), (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)


def avatar_of(stage: Stage, visual: AvatarVisual, avatar: Avatar, state: FaceState) -> Image:
    seen = state.expression, state.identity, state.gaze, state.blendshapes, state.pose
    drawn = posed(avatar, *seen, swings=Swings())  # whose first picture hangs still
    visual.set_mesh(drawn.vertices, drawn.normals)
    flip = np.diag([1, -1, 1, 1]).astype(np.float32)
    visual.place(View(distance=880.0).matrix(), flip @ projection(SIDE, SIDE))
    side = FINE * SIDE
    picture = stage.picture(QSize(side, side), visual.draw)
    pixels = np.frombuffer(picture.constBits(), np.uint8).reshape(side, side, 4)
    small = cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    return np.clip(small[..., :3] + (1 - small[..., 3:] / 255) * GROUND + 0.5, 0, 255).astype(np.uint8)


def main(folder: Path) -> None:
    _ = QApplication.instance() or QApplication(sys.argv[:1])
    stage, visual, seen = Stage(), AvatarVisual(), faces()
    rows = [np.hstack([face_of(*face) for face in seen])]
    with tempfile.TemporaryDirectory() as made:
        for path in write_avatars(Path(made)).values():
            avatar = Avatar.load(path, face_model())
            visual.set_geometry(AvatarGeometry.of(avatar))
            rows.append(np.hstack([avatar_of(stage, visual, avatar, state) for _, state in seen]))
    cv2.imwrite(str(folder / "avatars.webp"), np.vstack(rows), [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
    stage.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
