"""How a head goes to rest after its face was lost."""

from __future__ import annotations

_HELD, _AT_REST = 0.25, 0.9  # s after a face was last seen: it starts to fade, and has faded
FADES = _AT_REST - _HELD


def share_left(gone: float) -> float:
    """How much (0..1) of a face is still shown that was lost `gone` s ago."""
    left = min(max((_AT_REST - gone) / FADES, 0.0), 1.0)
    return left * left * (3 - 2 * left)
