"""The camera of the head: orbit, pan, zoom, and a smooth return."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from expnet_live.core.types import Array

CENTER = np.array([0.0, -6.0, -42.0], np.float32)  # mm: centre of the head
FIELD_OF_VIEW = np.radians(24.0)
_HALF_LIFE = 0.07  # s
_WIDTH, _BESIDE = 0.78, 0.64  # the head's width in heights of the view: with some margin, and beside the buttons


@dataclass(frozen=True)
class View:
    """Yaw and pitch in radians, distance and pan in mm."""

    yaw: float = 0.0
    pitch: float = 0.0
    distance: float = 730.0
    pan: tuple[float, float] = (0.0, 0.0)

    def matrix(self) -> Array:
        """The matrix (4, 4), for column vectors, from model to camera coordinates in mm."""
        cy, sy, cp, sp = np.cos(self.yaw), np.sin(self.yaw), np.cos(self.pitch), np.sin(self.pitch)
        yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
        pitch = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
        out = np.eye(4)
        out[:3, :3] = pitch @ yaw
        out[:3, 3] = out[:3, :3] @ -CENTER + [*self.pan, -self.distance]
        return out.astype(np.float32)


HOME = View()


@dataclass
class Orbit:
    """The target view, and the current one that moves towards it."""

    wanted: View = HOME
    shown: View = field(default=HOME)

    def drag(self, dx: float, dy: float) -> None:
        """Orbit by a mouse movement in pixels."""
        pitch = float(np.clip(self.wanted.pitch + dy * 0.008, -1.45, 1.45))
        self.wanted = replace(self.wanted, yaw=self.wanted.yaw + dx * 0.008, pitch=pitch)
        self.shown = self.wanted

    def pan(self, dx: float, dy: float, height: float) -> None:
        """Move the head by pixels in a view of that height."""
        mm = 2 * np.tan(FIELD_OF_VIEW / 2) * self.wanted.distance / max(height, 1)
        x, y = self.wanted.pan
        wanted = float(np.clip(x + dx * mm, -250, 250)), float(np.clip(y - dy * mm, -250, 250))
        self.wanted = self.shown = replace(self.wanted, pan=wanted)

    def zoom(self, steps: float) -> None:
        """Zoom in steps of a tenth."""
        self.wanted = replace(self.wanted, distance=float(np.clip(self.wanted.distance * 0.9**steps, 180, 2500)))

    def reset(self) -> None:
        # Take the shorter way round, not a whole turn back.
        self.shown = replace(self.shown, yaw=float(np.arctan2(np.sin(self.shown.yaw), np.cos(self.shown.yaw))))
        self.wanted = HOME

    def advance(self, seconds: float) -> bool:
        """Move the current view towards the target; return False if it was already there."""
        if self.shown == self.wanted:
            return False
        rest = 0.5 ** (seconds / _HALF_LIFE)
        a, b = self.shown, self.wanted
        mixed = [q + (p - q) * rest for p, q in zip(_numbers(a), _numbers(b), strict=True)]
        near = max(abs(p - q) for p, q in zip(mixed, _numbers(b), strict=True)) < 1e-3
        self.shown = b if near else View(mixed[0], mixed[1], mixed[2] * 1000, (mixed[3] * 1000, mixed[4] * 1000))
        return True


def _numbers(view: View) -> tuple[float, ...]:
    return view.yaw, view.pitch, view.distance / 1000, view.pan[0] / 1000, view.pan[1] / 1000


def projection(width: float, height: float, taken: float = 0.0, near: float = 60.0, far: float = 4000.0) -> Array:
    """Perspective matrix (4, 4) for column vectors; a narrow view still shows the head's whole width.

    `taken` pixels on the right are covered by buttons: where there is little room, the head is beside them.
    """
    height = max(height, 1.0)
    aspect, free = width / height, max(width - taken, 1.0)
    smaller = min(1.0, aspect / _WIDTH, free / height / _BESIDE)
    f = 1 / np.tan(FIELD_OF_VIEW / 2) * smaller
    middle = min(width / 2, free - smaller * _BESIDE * height / 2) if taken else width / 2
    out = np.zeros((4, 4), np.float32)
    out[0, 0], out[1, 1] = f / aspect, f
    out[0, 2] = 1 - 2 * middle / max(width, 1.0)
    out[2, 2], out[2, 3] = (far + near) / (near - far), 2 * far * near / (near - far)
    out[3, 2] = -1
    return out
