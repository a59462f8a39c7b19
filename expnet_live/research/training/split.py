"""The held-out people, whom the face model, the labels' prior and the networks never see."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from expnet_live.core.types import Array
from expnet_live.research.training.likeness import SUSPECT, likeness, scenes
from expnet_live.research.training.photos import PhotoMeta, bytes_of

RARE_EMOTIONS = frozenset({"anger", "disgust", "sadness"})


# Collections with several pictures of one scene (turned, mirrored, or frames of one video) under unrelated names.
SCENES = ("eyes", "yawn")
_TEST_SCENES = 20  # per cent
_LARGEST = 100  # most photos of a held-out scene


@dataclass(frozen=True, eq=False)
class Split:
    """(N,) bool each; a photo that resembles a held-out one, but may show another person, is in neither."""

    train: Array
    held_out: Array


def is_test_scene(key: str) -> bool:
    """Whether the finder is tested on this picture without people, and never sees it in training."""
    return zlib.crc32(bytes_of(key)) % 100 < _TEST_SCENES


def subjects_of(keys: Sequence[str], meta: dict[str, PhotoMeta]) -> Array:
    """A subject's name per photo; a photo of an unknown person is a subject of its own."""
    subjects = []
    for key in keys:
        subject = meta[key].subject if key in meta else ""
        subjects.append(f"{key.split('/')[0]}:{subject}" if subject else key)
    return np.array(subjects)


def held_out(keys: Sequence[str], meta: dict[str, PhotoMeta]) -> Array:
    """(N,) bool: true for the photos of held-out people.

    These are one subject in eight, and one in two of those with a rare emotion, because the emotion test
    could not be balanced otherwise. This depends only on the names.
    """
    subjects = subjects_of(keys, meta)
    rare = {s for s, k in zip(subjects, keys, strict=True) if k in meta and meta[k].emotion in RARE_EMOTIONS}
    return np.array([zlib.crc32(bytes_of(s)) % 100 < (50 if s in rare else 12) for s in subjects])


def split_by_scene(keys: Array, thumbs: Array, usable: Array, named: Array) -> Split:
    """`named` (N,), the result of `held_out`, except for photos of `SCENES`, whose scenes are held out as a whole.

    thumbs (N, 32, 32, 3) identify scenes among the `usable` (N,) photos.
    """
    held, train = named.copy(), ~named
    rows = np.flatnonzero(usable & np.isin([str(k).split("/")[0] for k in keys], SCENES))
    if rows.size:
        alike = likeness(thumbs[rows])
        names, of, count = np.unique(scenes(keys[rows], alike), return_inverse=True, return_counts=True)
        out = np.array([zlib.crc32(bytes_of(n)) % 100 < 15 for n in names]) & (count < _LARGEST)
        held[rows] = out[of]
        train[rows] = ~held[rows] & (alike[:, held[rows]].max(1, initial=-1) <= SUSPECT)
    return Split(train, held)
