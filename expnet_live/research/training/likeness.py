"""Finds photos of the same person in the same place by similarity, if names do not reveal them.

Otherwise, collections such as video frames, or photos with turned and mirrored copies, would put one
scene on both sides of a split.
"""

from __future__ import annotations

import re

import numpy as np
from scipy.sparse.csgraph import connected_components

from expnet_live.core.types import Array, Image

ALIKE = 0.85  # correlation of two small pictures above which they count as one scene
SUSPECT = 0.75  # above which a photo is excluded from training if the other is held out
_WINDOW, _SHIFTS = 22, (-3, -1, 1, 3)


def likeness(thumbs: Image) -> Array:
    """Correlation (N, N) of small pictures (N, 32, 32, 3), the best over shifts and mirroring; -1 with themselves."""
    margin = (thumbs.shape[1] - _WINDOW) // 2
    plain = _standardized(thumbs[:, margin:-margin, margin:-margin])
    best = np.full((len(thumbs), len(thumbs)), -1.0, np.float32)
    for seen in (thumbs, thumbs[:, :, ::-1]):
        for dy in (0, *_SHIFTS):
            for dx in (0, *_SHIFTS):
                y, x = margin + dy, margin + dx
                other = _standardized(seen[:, y : y + _WINDOW, x : x + _WINDOW])
                here = plain @ other.T
                np.maximum(best, here, out=best)
                np.maximum(best, here.T, out=best)
    np.fill_diagonal(best, -1.0)
    return best


def scenes(keys: Array, alike: Array) -> Array:
    """(N,) the name of each photo's scene: photos that are similar, directly or through others, or frames of one
    video.
    """
    linked = alike > ALIKE
    videos = np.array([_video(str(k)) for k in keys])
    linked |= (videos[:, None] == videos[None]) & (videos != "")[:, None]
    _, scene = connected_components(linked, directed=False)
    order = np.argsort(keys, kind="stable")
    first = {int(s): str(k) for s, k in zip(scene[order][::-1], keys[order][::-1], strict=True)}
    return np.array([first[int(s)] for s in scene])


def _video(key: str) -> str:
    """The part of a frame's name that its video's frames share, if it has one: letters before a last number."""
    match = re.match(r"(.*[A-Za-z]{3}.*[-_])\d+(_jpg|$)", key.split("/", 1)[-1].split(".")[0])
    return match[1] if match else ""


def _standardized(pictures: Image) -> Array:
    x = pictures.astype(np.float32)
    x = (x - x.mean((1, 2), keepdims=True)).reshape(len(x), -1)
    result: Array = x / (np.linalg.norm(x, axis=1, keepdims=True) + 1e-6)
    return result
