"""Times, and descriptions, as texts."""

from __future__ import annotations


def clock(seconds: float) -> str:
    """75 s as 1:15, 4000 s as 1:06:40."""
    minutes, s = divmod(int(seconds), 60)
    hours, m = divmod(minutes, 60)
    return f"{hours}:{m:02d}:{s:02d}" if hours else f"{m}:{s:02d}"


def player_clock(seconds: float, fine: bool = True) -> str:
    """80.04 s as 1:20.0, or without tenths as 1:20."""
    tenths = round(max(0.0, seconds) * 10)
    return f"{clock(tenths / 10)}.{tenths % 10}" if fine else clock(tenths / 10)


def sentence(about: str) -> str:
    """A description from a registry as a tooltip."""
    return about[:1].upper() + about[1:]


def tenths(seconds: float) -> str:
    """75.26 s as 1:15.3."""
    minutes, s = divmod(round(10 * seconds), 600)
    return f"{minutes}:{s // 10:02d}.{s % 10}"
