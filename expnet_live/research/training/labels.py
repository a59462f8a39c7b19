"""Labels for training: fits of the face model to the landmarks of photos, with bad fits rejected."""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import dataclass, fields

import numpy as np
from tqdm import tqdm

from expnet_live.core.errors import UserError
from expnet_live.core.types import Array
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.fitting import Fit, Fitter
from expnet_live.heads.topology import eye_distance
from expnet_live.research.training.array_file import ArrayFile
from expnet_live.research.training.landmarks import LandmarkSet

log = logging.getLogger(__name__)

MIN_EYE_DISTANCE = 20.0  # px between the outer eye corners; below, landmarks are unreliable
MAX_RESIDUAL = 2.5  # mm rms; a fit worse than this is not a face
MAX_TURN = 1.3  # rad
MAX_SPREAD = 6.0  # per cent of the outer-eye distance between looks at one photo
_AT_ONCE = 3000  # photos


@dataclass
class LabelSet(ArrayFile):
    """A fit per photo, in the order of `key` (N,). `reason` (N,) is empty for good ones.

    Arrays as in heads.fitting.Fit. The view belongs to the photo, flipped vertically if the
    landmarks' `flip` says so.
    """

    key: Array
    reason: Array
    rotation: Array
    scale: Array
    origin: Array
    expression: Array
    identity: Array
    residual: Array

    @property
    def good(self) -> Array:
        return np.asarray(self.reason == "")


def make_labels(landmarks: LandmarkSet, subjects: Array, model: FaceModel) -> LabelSet:
    """Fit all photos, with identity pooled over the photos of a subject (N,). Raises UserError if none has a face."""
    xyz = landmarks.landmarks
    n = len(xyz)
    reason = np.full(n, "", dtype="U24")
    with np.errstate(invalid="ignore"):
        reason[eye_distance(xyz) < MIN_EYE_DISTANCE] = "face too small"
    reason[landmarks.spread > MAX_SPREAD] = "looks disagree"
    reason[~np.isfinite(xyz[:, 0, 0])] = "no face found"
    todo = np.flatnonzero(reason == "")
    if not len(todo):
        counts = ", ".join(f"{why}: {n}" for why, n in Counter(reason.tolist()).items())
        raise UserError(f"None of these photos has a face that can be labelled ({counts}); choose others.")
    # Subjects with one photo are fitted separately, because they need less.
    _, of, count = np.unique(subjects[todo], return_inverse=True, return_counts=True)
    todo = todo[np.lexsort((of, count[of] > 1))]
    fitter = Fitter(model)
    parts: list[Fit] = []
    started = time.perf_counter()
    with tqdm(total=len(todo), desc="fitting", unit="photo") as bar:
        for part in _chunks(subjects[todo], _AT_ONCE):
            of = np.unique(subjects[todo[part]], return_inverse=True)[1]
            parts.append(fitter.fit(xyz[todo[part]], of))
            bar.update(part.stop - part.start)
    log.info("%.2f ms a photo for fitting", 1e3 * (time.perf_counter() - started) / max(len(todo), 1))
    arrays = {}
    for f in fields(Fit):
        values = np.concatenate([getattr(p, f.name) for p in parts])
        arrays[f.name] = np.full((n, *values.shape[1:]), np.nan, np.float32)
        arrays[f.name][todo] = values
    with np.errstate(invalid="ignore"):
        reason[arrays["residual"] > MAX_RESIDUAL] = "landmarks fit no face"
        reason[np.linalg.norm(arrays["rotation"], axis=1) > MAX_TURN] = "turned too far"
    return LabelSet(key=landmarks.key, reason=reason, **arrays)


def _chunks(sorted_subjects: Array, size: int) -> list[slice]:
    """Slices of about `size` that never split a subject, whose photos are adjacent."""
    cuts, start = [], 0
    while start < len(sorted_subjects):
        stop = min(start + size, len(sorted_subjects))
        if stop < len(sorted_subjects):
            while stop < len(sorted_subjects) and sorted_subjects[stop] == sorted_subjects[stop - 1]:
                stop += 1
        cuts.append(slice(start, stop))
        start = stop
    return cuts
