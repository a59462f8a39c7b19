"""Finds the part of each vertex, by names of groups and materials or by the vertex ranges of the ICT face model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from expnet_live.core.types import Array
from expnet_live.heads.head import Part

HIDDEN = -1  # transparent on the original; it would cover what is beneath it

# The vertex ranges of the ICT face model, as its documentation lists them.
ICT_SIZE = 26719
_ICT = (
    (9409, Part.FACE),
    (11248, Part.SHELL),
    (13294, Part.MOUTH),
    (14062, Part.LID_RIM),  # the sockets of the eyes
    (17039, Part.TONGUE),  # and the gums
    (21451, Part.UPPER_TEETH),
    (22221, Part.LEFT_EYE),  # its white, with the cornea
    (23021, HIDDEN),
    (23791, Part.RIGHT_EYE),
    (24591, HIDDEN),
    (ICT_SIZE, HIDDEN),  # tears, blends, shadows, and lashes on cards
)
_WORDS = (
    (("occlusion", "lacrimal", "tear", "eyeblend", "eyewet", "cornea", "lash", "iris", "pupil"), HIDDEN),
    (("sclera", "eyeball", "eyeleft", "eyeright", "eye_l", "eye_r", "lefteye", "righteye"), Part.RIGHT_EYE),
    (("teeth", "tooth"), Part.UPPER_TEETH),
    (("tongue", "gum"), Part.TONGUE),
    (("mouth", "socket"), Part.MOUTH),
    (("backhead", "neck", "scalp", "body", "shoulder", "hair"), Part.SHELL),
)


def ict_parts(points: Array) -> Array:
    """Parts (V,) int8 of the ICT face model's vertices, HIDDEN for those not drawn."""
    ends = [end for end, _ in _ICT]
    part = np.repeat([int(p) for _, p in _ICT], np.diff([0, *ends])).astype(np.int8)
    return _jaws(part, points)


def parts_of_labels(points: Array, triangles: Array, labels: Sequence[str]) -> Array:
    """Parts (V,) int8 by the words in the labels of the triangles (F, 3); FACE by default."""
    part = np.zeros(len(points), np.int8)
    known = {label: _part(label) for label in set(labels)}
    of_triangle = np.array([known[label] for label in labels])
    for p in sorted(set(of_triangle.tolist())):
        part[triangles[of_triangle == p]] = p
    eyes = part == Part.RIGHT_EYE
    middle = points[part == Part.FACE, 0].mean() if (part == Part.FACE).any() else 0.0
    part[eyes & (points[:, 0] > middle)] = Part.LEFT_EYE
    return _jaws(part, points)


def _part(label: str) -> int:
    low = label.lower().replace(" ", "")
    return next((int(p) for words, p in _WORDS if any(w in low for w in words)), int(Part.FACE))


def _jaws(part: Array, points: Array) -> Array:
    """Assign teeth below the middle of all teeth to the lower jaw."""
    teeth = part == Part.UPPER_TEETH
    if teeth.any():
        low, high = points[teeth, 1].min(), points[teeth, 1].max()
        part[teeth & (points[:, 1] < (low + high) / 2)] = Part.LOWER_TEETH
    return part
