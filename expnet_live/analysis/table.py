"""The table coefficients.csv: one row per face and frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from expnet_live.core.types import FaceState

KEYS = ("source", "frame", "timestamp_s", "face", "confidence")
GEOMETRY = ("box_x", "box_y", "box_w", "box_h", "rx", "ry", "rz", "tx", "ty", "tz")


def columns(expression_names: Sequence[str], n_identity: int) -> list[str]:
    """The header: keys, box in pixels, pose in rad and mm, expression and (n_identity of them) identity in sd."""
    return [*KEYS, *GEOMETRY, *expression_names, *(f"identity_{i:02d}" for i in range(n_identity))]


def rows(
    source: str, frame: int, timestamp: float, faces: Sequence[FaceState], width: int, n_identity: int
) -> list[list[str]]:
    """The rows of one frame, each of `width` fields; without a face one row of confidence 0 and empty fields."""
    keys = [source, str(frame), f"{timestamp:.6f}"]
    if not faces:
        return [[*keys, "", "0", *[""] * (width - len(KEYS))]]
    return [[*keys, str(f.face), f"{f.confidence:.4f}", *_numbers(f, n_identity)] for f in faces]


def _numbers(state: FaceState, n_identity: int) -> list[str]:
    box = state.box
    return [
        *_text((box.x, box.y, box.w, box.h)),
        *_text(state.pose.rotation),
        *_text(state.pose.translation),
        *_text(state.expression),
        *_text(state.identity[:n_identity]),
    ]


def _text(values: Iterable[float]) -> list[str]:
    return [f"{v:.6g}" for v in values]
