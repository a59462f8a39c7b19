"""Which people are held out: never seen by the face model, the labels' prior or the networks."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from expnet_live.training.photos import PhotoMeta
from expnet_live.types import Array

RARE_EMOTIONS = frozenset({"anger", "disgust", "sadness"})


def subjects_of(keys: Sequence[str], meta: dict[str, PhotoMeta]) -> Array:
    """A subject's name per photo; a photo of nobody known is a subject of its own."""
    subjects = []
    for key in keys:
        subject = meta[key].subject if key in meta else ""
        subjects.append(f"{key.split('/')[0]}:{subject}" if subject else key)
    return np.array(subjects)


def held_out(keys: Sequence[str], meta: dict[str, PhotoMeta]) -> Array:
    """(N,) bool: true for the photos of held-out people.

    One subject in eight; one in two of those who show a rare emotion, since the emotion test
    could not be balanced otherwise. Depends on the names alone.
    """
    subjects = subjects_of(keys, meta)
    rare = {s for s, k in zip(subjects, keys, strict=True) if k in meta and meta[k].emotion in RARE_EMOTIONS}
    return np.array([zlib.crc32(s.encode()) % 100 < (50 if s in rare else 12) for s in subjects])
