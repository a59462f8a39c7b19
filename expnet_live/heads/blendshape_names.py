"""The names of ARKit's blendshapes, as files spell them, and which of them our coefficients are."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SIDE = re.compile(r"[_.\- ]([LR])$")
# Ours that are several of theirs at once.
_TOGETHER = {"mouthRollIn": ("mouthRollLower", "mouthRollUpper"), "mouthShrug": ("mouthShrugLower", "mouthShrugUpper")}
_OPPOSITE = {"jawLeft": "jawRight", "mouthLeft": "mouthRight"}
# Not to be had by least squares: eyes turn with the gaze, pupils and tongue are not measured, and mouthClose means
# something beside an open jaw alone.
_APART = re.compile(r"eyeLook|pupil|tongue|mouthClose", re.IGNORECASE)


def plain_name(name: str) -> str:
    """A name as ARKit has it: eyeBlink_L, EyeBlinkLeft and eye_blink_left are eyeBlinkLeft."""
    name = _SIDE.sub(lambda m: {"L": "Left", "R": "Right"}[m[1]], name.strip())
    name = re.sub(r"[_.\- ]+(\w)", lambda m: m[1].upper(), name)
    return name[:1].lower() + name[1:]


def counterparts(ours: str, theirs: Sequence[str]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Which of `theirs` (plain names) are our component `ours`, and which its negative; empty where there are none."""
    return _found(ours, theirs), _found(_OPPOSITE.get(ours, ""), theirs)


def shapes_of(action: str, theirs: Sequence[str]) -> tuple[int, ...]:
    """Which of `theirs` (plain names) an action of ARKit's is: that of its name, or its two sides."""
    return _found(action, theirs)


def stays_apart(name: str) -> bool:
    """Whether a shape (plain name) must not be used for anything but what it is called."""
    return _APART.search(name) is not None


def _found(ours: str, theirs: Sequence[str]) -> tuple[int, ...]:
    for wanted in ((ours,), _TOGETHER.get(ours, ()), (f"{ours}Left", f"{ours}Right")):
        if wanted and all(name in theirs for name in wanted):
            return tuple(theirs.index(name) for name in wanted)
    return ()
