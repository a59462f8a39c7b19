"""Batches for fine-tuning: augmented crops of labelled pictures, the network's former predictions, and their
actions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset

from expnet_live.core.arkit import ARKIT, INDEX, MIRROR
from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.heads.face_model import FaceModel
from expnet_live.research.training.actions.halves import actions_of, joined
from expnet_live.research.training.actions.shelf import Shelf
from expnet_live.research.training.actions.targets import Targets
from expnet_live.research.training.augment import AugmentConfig, astray, distort, similarity
from expnet_live.research.training.crops import WIDE_SIZE, WIDER
from expnet_live.research.training.dataset import Mirror, encode_view
from expnet_live.research.training.tongues import put_out
from expnet_live.research.training.winks import Winks

LIGHT = AugmentConfig(
    loose=0.2, close=0.55, low_resolution=0.45, smallest_face=5.0, occlusion=0.25, gray=0.15, photometric=0.7,
    blur=0.15, noise=0.3, jpeg=0.25, low_light=0.05, negative=0.04, wink=0.06, tongue=0.08,
)  # fmt: skip
# Synthetic pictures teach what is small in a face: fewer of them are tiny or covered.
MADE_LIGHT = replace(LIGHT, low_resolution=0.3, smallest_face=8.0, occlusion=0.15, negative=0.02)
_JOINED = 0.25  # of frames of clips
_ALIKE = 0.12  # largest rad between the poses of frames that are combined
_CANDIDATES = 12
_WINK = 0.9
_TONGUE = INDEX["tongueOut"]
_HIDDEN = [
    i for i, name in enumerate(ARKIT) if name.startswith(("mouthRoll", "mouthShrug", "mouthPress", "mouthClose"))
]
_MADE_LEAST = 0.1  # smallest unit for errors in synthetic pictures


@dataclass(frozen=True, eq=False)
class Drawn:
    """A picture with its points (468, 2), coefficients (29,), and actions (52,) with their weights (52,)."""

    image: Image
    points: Array
    expression: Array
    actions: Array
    weights: Array


class ActionDataset(Dataset[dict[str, torch.Tensor]]):
    """Samples of the pictures `rows` of a shelf. `made` (N,) of the shelf: pictures with true strengths, for which the
    network's other outputs are unknown; `clip` (N,): frames of clips.

    `image` (3, S, S) uint8; `expression` to `points` as in training.dataset; `actions`, `weights` (52,); `face`;
    `known`: 1 if the other outputs are known; `least`: the smallest unit of an error; `person`: a number, or -1. A
    sample depends only on `seed`, the draw and the index.
    """

    def __init__(
        self,
        shelf: Shelf,
        rows: Array,
        targets: Targets,
        made: Array,
        clip: Array,
        model: FaceModel,
        size: int,
        person: Array | None = None,
    ) -> None:
        self._person = np.full(len(shelf), -1) if person is None else person
        self.shelf, self.rows, self.targets, self.made, self.size = shelf, rows, targets, made, size
        self.seed = 0
        self.mirror, self.winks = Mirror.of(model), Winks.of(model)
        side = 2 * size + 64
        self.bank = np.random.default_rng(7).standard_normal((side, side, 3), dtype=np.float32)
        used = np.zeros(len(shelf), bool)
        used[rows] = True
        frames = np.flatnonzero(clip & used)
        self._frames = {name: frames[shelf.collection[frames] == name] for name in np.unique(shelf.collection[frames])}

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, item: int | tuple[int, int]) -> dict[str, torch.Tensor]:
        row, draw = item if isinstance(item, tuple) else (item, 0)
        cv2.setNumThreads(1)
        rng = np.random.default_rng((self.seed, draw, row))
        i, shelf, size = int(self.rows[row]), self.shelf, self.size
        config = MADE_LIGHT if self.made[i] else LIGHT
        is_face = rng.random() >= config.negative
        wide, actions, weights = shelf.picture(i), self.targets.values[i], self.targets.weights[i]
        if is_face and rng.random() < _JOINED:
            wide, actions, weights = self._joined(i, wide, actions, weights, rng)
        matrix = (similarity if is_face else astray)(rng, config, WIDE_SIZE, WIDER, size)
        image = cv2.warpAffine(wide, matrix, (size, size), flags=cv2.INTER_LINEAR)
        view = WeakPerspective(shelf.rotation[i], float(shelf.scale[i]), *map(float, shelf.origin[i]))
        view = view.transformed(matrix)
        points = shelf.points[i] @ matrix[:, :2].T + matrix[:, 2]
        drawn = Drawn(np.asarray(image, np.uint8), points, shelf.expression[i], actions, weights)
        if is_face and not self.made[i] and rng.random() < config.wink:
            drawn = self._winking(drawn, view, rng)
        if is_face and not self.made[i] and rng.random() < config.tongue:
            drawn = _with_tongue(drawn, rng)
        other = shelf.picture(int(self.rows[rng.integers(len(self.rows))]))
        y, x = rng.integers(0, WIDE_SIZE - size + 1, 2)
        image = distort(drawn.image, rng, config, other[y : y + size, x : x + size], self.bank, drawn.points)
        if not is_face and rng.random() < 0.1:
            image = rng.integers(0, 256, image.shape, np.uint8)
        sample = self._sample(drawn, image, view, i, mirrored=rng.random() < 0.5)
        return sample | {
            "face": torch.tensor(float(is_face)),
            "person": torch.tensor(int(self._person[i])),
            "known": torch.tensor(float(is_face and not self.made[i])),
            "least": torch.tensor(_MADE_LEAST if self.made[i] else 0.0),
        }

    def _sample(
        self, drawn: Drawn, image: Image, view: WeakPerspective, i: int, *, mirrored: bool
    ) -> dict[str, torch.Tensor]:
        m, encoded = self.mirror, encode_view(view, self.size)
        values = {
            "expression": drawn.expression,
            "identity": self.shelf.identity[i],
            "rotation": view.rotation,
            "view": encoded,
            "gaze": self.shelf.gaze[i],
            "points": (drawn.points + 0.5) / self.size - 0.5,
            "actions": drawn.actions,
            "weights": drawn.weights,
        }
        if mirrored:
            image = np.ascontiguousarray(image[:, ::-1])
            values = {
                "expression": drawn.expression[m.partner] * m.sign,
                "identity": values["identity"] * m.identity_sign,
                "rotation": view.rotation * [1, -1, -1],
                "view": encoded * np.array([1, -1, 1], np.float32),
                "gaze": values["gaze"][::-1] * [-1, 1],
                "points": values["points"][m.points] * [-1, 1],
                "actions": drawn.actions[MIRROR],
                "weights": drawn.weights[MIRROR],
            }
        values["gaze"] = np.ravel(values["gaze"])
        tensors = {k: torch.from_numpy(np.array(v, np.float32)) for k, v in values.items()}
        return tensors | {"image": torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)}

    def _joined(
        self, i: int, wide: Image, actions: Array, weights: Array, rng: np.random.Generator
    ) -> tuple[Image, Array, Array]:
        """Take eye and brow of one side from the most different frame among some of the same clip."""
        frames = self._frames.get(self.shelf.collection[i], np.array([], int))
        if i not in frames:
            return wide, actions, weights
        some = rng.choice(frames, min(_CANDIDATES, len(frames)), replace=False)
        turn = np.linalg.norm(self.shelf.rotation[some] - self.shelf.rotation[i], axis=1)
        some = some[turn < _ALIKE]
        if not len(some):
            return wide, actions, weights
        left = bool(rng.random() < 0.5)
        moved = actions_of(left)
        values = self.targets.values
        other = int(some[np.abs(values[some][:, moved] - values[i, moved]).sum(1).argmax()])
        image = joined(wide, self.shelf.points[i], self.shelf.picture(other), self.shelf.points[other], left)
        if image is None:
            return wide, actions, weights
        actions, weights = actions.copy(), weights.copy()
        actions[moved] = values[other, moved]
        weights[moved] = np.minimum(weights[moved], self.targets.weights[other, moved])
        return image, actions, weights

    def _winking(self, drawn: Drawn, view: WeakPerspective, rng: np.random.Generator) -> Drawn:
        image, points, expression = self.winks.wink(drawn.image, drawn.points, drawn.expression, view, rng)
        actions, weights = drawn.actions.copy(), drawn.weights.copy()
        for side, (blink, _, _) in zip(("Right", "Left"), self.winks.coefficients, strict=True):
            if expression[blink] == drawn.expression[blink]:
                continue
            shut = INDEX[f"eyeBlink{side}"]
            actions[shut], weights[shut] = max(actions[shut], _WINK), 1
            for name in ("eyeSquint", "browDown"):
                weights[INDEX[name + side]] *= 0.2
            for name in ("eyeLookUp", "eyeLookDown", "eyeLookIn", "eyeLookOut", "eyeWide"):
                weights[INDEX[name + side]] = 0
        return Drawn(image, points, expression, actions, weights)


def _with_tongue(drawn: Drawn, rng: np.random.Generator) -> Drawn:
    """With a tongue that is out, which hides what the lips do."""
    found = put_out(drawn.image, drawn.points, rng)
    if found is None:
        return drawn
    actions, weights = drawn.actions.copy(), drawn.weights.copy()
    actions[_TONGUE], weights[_TONGUE] = found[1], 1
    weights[_HIDDEN] *= 0.3
    return replace(drawn, image=found[0], actions=actions, weights=weights)
