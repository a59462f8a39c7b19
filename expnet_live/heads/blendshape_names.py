"""The names of ARKit's blendshapes as files spell them, and how they correspond to our coefficients."""

from __future__ import annotations

import re
from collections.abc import Sequence

from expnet_live.core.arkit import SIDEWAYS

_SIDE = re.compile(r"[_.\- ]([LR])$")
# Coefficients of ours that correspond to several of their shapes.
_TOGETHER = {"mouthRollIn": ("mouthRollLower", "mouthRollUpper"), "mouthShrug": ("mouthShrugLower", "mouthShrugUpper")}
_OPPOSITE = dict(SIDEWAYS)
# Least squares must not use these: eyes turn with the gaze, pupils and tongue are not measured, and mouthClose has a
# meaning only with an open jaw.
_APART = re.compile(r"eyeLook|pupil|tongue|mouthClose", re.IGNORECASE)


def plain_name(name: str) -> str:
    """A name in ARKit's spelling: eyeBlink_L, EyeBlinkLeft and eye_blink_left become eyeBlinkLeft."""
    name = _SIDE.sub(lambda m: {"L": "Left", "R": "Right"}[m[1]], name.strip())
    name = re.sub(r"[_.\- ]+(\w)", lambda m: m[1].upper(), name)
    return name[:1].lower() + name[1:]


def counterparts(ours: str, theirs: Sequence[str]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Which of `theirs` (plain names) correspond to our component `ours`, and which to its negative; may be empty."""
    return _found(ours, theirs), _found(_OPPOSITE.get(ours, ""), theirs)


def shapes_of(action: str, theirs: Sequence[str]) -> tuple[int, ...]:
    """Which of `theirs` (plain names) correspond to an action of ARKit's: the one of its name, or its two sides."""
    return _found(action, theirs)


def stays_apart(name: str) -> bool:
    """Whether a shape (plain name) must be used only for the action of its name."""
    return _APART.search(name) is not None


def _found(ours: str, theirs: Sequence[str]) -> tuple[int, ...]:
    for wanted in ((ours,), _TOGETHER.get(ours, ()), (f"{ours}Left", f"{ours}Right")):
        if wanted and all(name in theirs for name in wanted):
            return tuple(theirs.index(name) for name in wanted)
    return ()
