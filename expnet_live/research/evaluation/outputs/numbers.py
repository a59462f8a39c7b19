"""Numbers frames by a few of their values, so that a receiver of any protocol can tell them apart.

The number's decimal digits, two at a time, become three blendshapes of 0.00 to 0.99 and three pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from expnet_live.core.arkit import INDEX
from expnet_live.core.types import Array, Frame
from expnet_live.live.capture_worker import Captured
from expnet_live.live.state import LiveFace, LiveState

ACTIONS = ("tongueOut", "cheekPuff", "jawForward")
MOST = 100 ** len(ACTIONS)
_WHERE = [INDEX[name] for name in ACTIONS]


def digits(number: int) -> list[int]:
    return [number // 100**i % 100 for i in range(len(ACTIONS))]


def number_of(values: Sequence[float]) -> int:
    """The number of the three actions' weights."""
    return sum(round(100 * v) * 100**i for i, v in enumerate(values))


def numbered(state: LiveState, number: int) -> LiveState:
    """The same frame with a number; its faces are new, so that nothing made for them before is left."""
    parts = digits(number)
    image = state.captured.frame.image.copy()
    image[0, : len(parts)] = np.array(parts, np.uint8)[:, None]
    frame = state.captured.frame
    captured = replace(state.captured, frame=Frame(image, frame.timestamp, number, frame.source))
    return replace(state, captured=captured, faces=tuple(_numbered(f, parts) for f in state.faces))


def number_in(image: Array) -> int:
    """The number in a picture (H, W, 3)."""
    return number_of((image[0, : len(ACTIONS), 0] / 100).tolist())


def _numbered(face: LiveFace, parts: list[int]) -> LiveFace:
    weights = face.weights.copy()
    weights[_WHERE] = np.array(parts, np.float32) / 100
    return LiveFace(face.state, face.expression, face.identity, face.head, weights)


def moment(states: Sequence[LiveState], i: int, now: float, rate: float) -> LiveState:
    """Frame `i` of a clip that repeats, as if captured and answered `now` (time.monotonic(), s)."""
    old = states[i % len(states)]
    captured = Captured(old.captured.frame, now, i / rate, 1)
    return LiveState(captured, old.faces, old.stages, now, processed=True)
