"""Keeps the last minute of coefficients and pose, in ring buffers."""

from __future__ import annotations

import numpy as np

from expnet_live.core.types import Array
from expnet_live.geometry.rotation import matrix_from_vector

POSE = ("yaw", "pitch", "roll")


def head_angles(rotation: Array) -> tuple[float, float, float]:
    """Yaw (right > 0), pitch (up > 0) and roll (to the viewer's right > 0) in degrees of a rotation vector (3,)."""
    yaw, pitch, roll = angles_of(matrix_from_vector(rotation)).tolist()
    return yaw, pitch, roll


def angles_of(r: Array) -> Array:
    """The same angles (..., 3) of rotation matrices (..., 3, 3)."""
    yaw = np.arctan2(r[..., 0, 2], r[..., 2, 2])
    pitch = np.arcsin(np.clip(r[..., 1, 2], -1, 1))
    roll = np.arctan2(-r[..., 1, 0], r[..., 1, 1])
    return np.degrees(np.stack([yaw, pitch, roll], -1))


class History:
    """Rows of time (s), n coefficients and three angles (degrees); NaN where there was no face.

    It restarts when a model with another number of coefficients takes over.
    """

    def __init__(self, n: int = 0, seconds: float = 60.0, rate: float = 60.0) -> None:
        self._size = int(seconds * rate)
        self._resize(n)

    def _resize(self, n: int) -> None:
        self._n = n
        # Twice as long as needed, so that the newest rows are always one slice without copying.
        self._rows = np.full((2 * self._size, n + 4), np.nan)
        self._end = 0
        self._shift = 0  # rows that have left the buffer

    def add(self, time: float, expression: Array | None, rotation: Array | None) -> None:
        if expression is not None and len(expression) != self._n:
            self._resize(len(expression))
        if self._end == len(self._rows):
            self._rows[: self._size] = self._rows[self._size :]
            self._end = self._size
            self._shift += self._size
        row = self._rows[self._end]
        row[:] = np.nan
        row[0] = time
        if expression is not None:
            row[1 : self._n + 1] = expression
        if rotation is not None:
            row[self._n + 1 :] = head_angles(rotation)
        self._end += 1

    def clear(self) -> None:
        self._end = 0

    @property
    def newest(self) -> float:
        """The time of the last row, or 0 if there is none."""
        return float(self._rows[self._end - 1, 0]) if self._end else 0.0

    def last(self, seconds: float, points: int | None = None) -> Array:
        """The rows (m, n + 4) of the last seconds, thinned to about that many at most. This is a view: use it at once.

        The same rows are left out as time goes on, so a curve through them moves without flicker.
        """
        start = max(0, self._end - self._size)
        rows = self._rows[start : self._end]
        if not len(rows):
            return rows
        first = start + int(np.searchsorted(rows[:, 0], rows[-1, 0] - seconds))
        step = 1 if points is None else -(-(self._end - first) // points)
        # A step that is a power of two rarely changes while the history fills.
        step = 1 << (step - 1).bit_length()
        first += -(first + self._shift) % step
        return self._rows[first : self._end : step]


class Ranges:
    """The minimum and maximum of each coefficient, which slowly shrink towards the current value."""

    def __init__(self, n: int = 0, half_life: float = 20.0) -> None:
        self.low, self.high = np.zeros(n), np.zeros(n)
        self._half_life = half_life
        self._time: float | None = None

    def add(self, time: float, expression: Array) -> None:
        if len(expression) != len(self.low):  # from another model
            self.low, self.high, self._time = np.zeros(len(expression)), np.zeros(len(expression)), None
        fade = 1.0 if self._time is None else 0.5 ** (np.clip(time - self._time, 0, 1) / self._half_life)
        self._time = time
        self.low = np.minimum(self.low * fade, expression)
        self.high = np.maximum(self.high * fade, expression)

    def clear(self) -> None:
        self.low, self.high = np.zeros_like(self.low), np.zeros_like(self.high)
        self._time = None
