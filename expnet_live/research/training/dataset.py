"""Batches for training: augmented crops and their labels in the network's units."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset

from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.heads.face_model import FaceModel
from expnet_live.research.training.augment import PLAIN, AugmentConfig, astray, distort, similarity
from expnet_live.research.training.crops import WIDE_SIZE, WIDER, CropSet
from expnet_live.research.training.winks import Winks


@dataclass(frozen=True, eq=False)
class Mirror:
    """Converts labels to those of the mirrored picture."""

    partner: Array
    sign: Array
    identity_sign: Array
    points: Array

    @classmethod
    def of(cls, model: FaceModel) -> Mirror:
        partner, sign = model.mirror_expression
        return cls(partner, sign, model.mirror_identity, model.mirror)


def encode_view(view: WeakPerspective, size: int) -> Array:
    """The network's view output: log of the scale in crop sides per mm, origin in crop sides from the centre."""
    return np.array([np.log(view.scale / size), (view.x + 0.5) / size - 0.5, (view.y + 0.5) / size - 0.5], np.float32)


class FaceDataset(Dataset[dict[str, torch.Tensor]]):
    """Samples of `crops`: `image` (3, S, S) uint8, targets, and `face` 1 or 0.

    The sample of an index differs in each epoch; it depends only on `seed`, the epoch and the index.
    """

    def __init__(self, crops: CropSet, model: FaceModel, size: int, config: AugmentConfig, seed: int = 0) -> None:
        self.crops, self.size, self.config, self.seed = crops, size, config, seed
        self.mirror, self.winks = Mirror.of(model), Winks.of(model)
        side = 2 * size + 64
        self.bank = np.random.default_rng(7).standard_normal((side, side, 3), dtype=np.float32)

    def __len__(self) -> int:
        return len(self.crops)

    def __getitem__(self, item: int | tuple[int, int]) -> dict[str, torch.Tensor]:
        i, draw = item if isinstance(item, tuple) else (item, 0)
        cv2.setNumThreads(1)
        c, size, cfg = self.crops, self.size, self.config
        rng = np.random.default_rng((self.seed, draw, i))
        wide = c.picture(i)
        is_face = rng.random() >= cfg.negative
        aim = similarity if is_face else astray
        matrix = aim(rng, cfg, WIDE_SIZE, WIDER, size)
        image = cv2.warpAffine(wide, matrix, (size, size), flags=cv2.INTER_AREA)
        other = c.picture(int(rng.integers(len(c))))
        j = rng.integers(0, WIDE_SIZE - size + 1, 2)
        points = c.points[i] @ matrix[:, :2].T + matrix[:, 2]
        view = WeakPerspective(
            c.rotation[i], float(c.scale[i]), float(c.origin[i, 0]), float(c.origin[i, 1])
        ).transformed(matrix)
        expression, identity, gaze, rotation = c.expression[i], c.identity[i], c.gaze[i], view.rotation
        if is_face and cfg.wink and rng.random() < cfg.wink:
            image, points, expression = self.winks.wink(image, points, expression, view, rng)
        image = distort(image, rng, cfg, other[j[0] : j[0] + size, j[1] : j[1] + size], self.bank, points)
        if not is_face and rng.random() < 0.1:
            image = rng.integers(0, 256, image.shape, np.uint8)
        encoded = encode_view(view, size)
        points = (points + 0.5) / size - 0.5
        if rng.random() < 0.5:
            m = self.mirror
            image = np.ascontiguousarray(image[:, ::-1])
            expression, identity = expression[m.partner] * m.sign, identity * m.identity_sign
            rotation = rotation * [1, -1, -1]
            encoded = encoded * np.array([1, -1, 1], np.float32)
            points = points[m.points] * [-1, 1]
            gaze = gaze[::-1] * [-1, 1]
        return {
            "image": torch.from_numpy(image).permute(2, 0, 1),
            "expression": torch.from_numpy(np.asarray(expression, np.float32)),
            "identity": torch.from_numpy(np.asarray(identity, np.float32)),
            "rotation": torch.from_numpy(np.asarray(rotation, np.float32)),
            "view": torch.from_numpy(encoded),
            "gaze": torch.from_numpy(np.asarray(gaze, np.float32).reshape(4).copy()),
            "points": torch.from_numpy(points.astype(np.float32)),
            "face": torch.tensor(float(is_face)),
        }


def plain_batches(
    crops: CropSet, model: FaceModel, size: int, limit: int, batch: int = 100
) -> Iterator[dict[str, torch.Tensor]]:
    """At most `limit` samples, the same ones each time, drawn evenly and not distorted; `image` as floats 0..255."""
    data = FaceDataset(crops, model, size, PLAIN, seed=99)
    rows = np.random.default_rng(5).permutation(len(crops))[:limit]
    for start in range(0, len(rows), batch):
        items = [data[(int(i), 0)] for i in rows[start : start + batch]]
        part = {k: torch.stack([t[k] for t in items]) for k in items[0]}
        yield part | {"image": part["image"].float()}


def sample_weights(crops: CropSet) -> Array:
    """(N,) sampling weights of photos: up to four times higher for rare expressions and turned heads."""
    extreme = np.clip(np.abs(crops.expression) - 2.0, 0, 2).sum(1)
    turned = np.clip(np.linalg.norm(crops.rotation, axis=1) - 0.35, 0, 1)
    return np.asarray(1 + np.minimum(0.5 * extreme + 1.5 * turned, 3.0))


def plain_crops(picture: Callable[[int], Image], rows: Array, size: int) -> Image:
    """Crops (N, size, size, 3) of the wide ones that `picture` returns, as the tracker cuts them, slightly jittered."""
    rng = np.random.default_rng(5)
    return np.stack([
        cv2.warpAffine(
            picture(int(i)), similarity(rng, PLAIN, WIDE_SIZE, WIDER, size), (size, size), flags=cv2.INTER_LINEAR
        )
        for i in rows
    ]).astype(np.uint8)  # fmt: skip
