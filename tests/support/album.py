"""An album of people who do not exist, drawn by our own renderer, with known ground truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from mesh import landmarker

from expnet_live.cli import main
from expnet_live.core.arkit import ARKIT
from expnet_live.core.types import Array
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.heads.face_model import FaceModel
from expnet_live.render.shading import Surface, render
from expnet_live.research.training.components import components
from expnet_live.research.training.landmarks import LandmarkSet

PEOPLE, SHOTS = 30, 4
SIZE = 200, 216  # px


@dataclass(frozen=True)
class Album:
    """A folder of pictures, the table of who is in them, and the landmarks that `train landmarks` found.

    `expression` (N, 29) and `scores` (N, 52) are what was drawn, in the order of the landmarks; the first of a
    person's pictures is at rest.
    """

    photos: Path
    metadata: Path
    landmarks: Path
    expression: Array
    scores: Array

    @property
    def arguments(self) -> list[str]:
        """For commands that take photos, without the landmarks."""
        return [str(self.photos), "--metadata", str(self.metadata), "--jobs", "1"]

    def taught(self, path: Path) -> Path:
        """The landmarks with scores as a teacher's, whose weights do not ship, in a file of their own."""
        known = LandmarkSet.load(self.landmarks)
        replace(known, scores=self.scores, score_names=np.array(ARKIT)).save(path)
        return path


def make_album(folder: Path) -> Album:
    model, rng = FaceModel.load(), np.random.default_rng(0)
    surface = Surface(model.triangles, model.colors, model.anatomy.shine)
    background = np.full((SIZE[1], SIZE[0], 3), (150, 120, 100), np.uint8)
    actions = components(model.mean, model.mirror)
    photos, metadata = folder / "album", folder / "album.csv"
    photos.mkdir()
    told, lines = {}, ["file,subject,emotion"]
    for person in range(PEOPLE):
        identity = rng.normal(0, 0.5, model.n_identity).astype(np.float32)
        for shot in range(SHOTS):
            expression, scores, turn = np.zeros(len(model.names), np.float32), dict.fromkeys(ARKIT, 0.0), np.zeros(3)
            if shot:
                for action in rng.choice(np.array(actions, object), 5, replace=False):
                    amount = rng.uniform(1, 2.5)
                    expression[model.index(action.name)] += amount
                    for name, weight in action.scores.items():
                        scores[name] += max(weight, 0) * amount / 3
                turn = rng.normal(0, (0.06, 0.2, 0.05))
            view = WeakPerspective(turn, 0.9, SIZE[0] / 2, SIZE[1] / 2)
            vertices = model.vertices(expression, identity, np.zeros((2, 2)))
            image = render(surface, vertices, model.normals(vertices), view, SIZE, background=background)
            name = f"p{person:02d}_{shot}.png"
            cv2.imwrite(str(photos / name), image)
            lines.append(f"{name},p{person:02d},{'happiness' if shot else 'neutral'}")
            told[f"album/{name}"] = expression, np.array([scores[n] for n in ARKIT], np.float32)
    metadata.write_text("\n".join(lines) + "\n")
    album = Album(photos, metadata, folder / "landmarks.npz", np.empty(0), np.empty(0))
    with landmarker():
        assert main(["train", "landmarks", *album.arguments, "--landmarks", str(album.landmarks)]) == 0
    keys = LandmarkSet.load(album.landmarks).key
    expression, scores = (np.stack([told[str(k)][i] for k in keys]) for i in range(2))
    return replace(album, expression=expression, scores=scores)
