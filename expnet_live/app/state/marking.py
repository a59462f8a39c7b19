"""The markers that keys 1 to 9 set, and those of the session in the player. No Qt here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from expnet_live.sessions.format.markers import Marker, in_order, plain

# Seen on light and on dark.
COLORS = {
    "Red": "#e5484d",
    "Orange": "#e8833a",
    "Yellow": "#d4a72c",
    "Green": "#46a758",
    "Teal": "#0ea5a0",
    "Blue": "#3b82f6",
    "Purple": "#8e4ec6",
    "Pink": "#e05fa0",
}


@dataclass(frozen=True)
class Preset:
    """The marker of a key; without a label, the key does nothing."""

    label: str
    color: str = ""


PRESETS = (
    Preset("Start", COLORS["Green"]),
    Preset("End", COLORS["Red"]),
    Preset("Stimulus", COLORS["Blue"]),
    Preset("Response", COLORS["Orange"]),
    Preset("Good", COLORS["Teal"]),
    Preset("Bad", COLORS["Pink"]),
    Preset("Smile", COLORS["Yellow"]),
    Preset("Speech", COLORS["Purple"]),
    Preset("Note"),
)
"""Of keys 1 to 9."""


class MarkerList:
    """The markers of one session, in order; `changed` is called after each change by the user."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._markers: tuple[Marker, ...] = ()

    @property
    def markers(self) -> tuple[Marker, ...]:
        return self._markers

    def load(self, markers: Sequence[Marker]) -> None:
        """Those of another session."""
        self._markers = in_order(markers)

    def add(self, marker: Marker) -> None:
        self._set([*self._markers, marker])

    def replace(self, old: Marker, new: Marker | None) -> None:
        """Put a marker in the place of another one, or remove it for None. Nothing happens if it is gone."""
        if old in self._markers and new != old:
            rest = list(self._markers)
            rest.remove(old)
            self._set(rest if new is None else [*rest, new])

    def next_label(self, pattern: str) -> str:
        """The pattern with the lowest number `n` that no label has."""
        taken = {m.label for m in self._markers}
        return next(label for n in range(1, len(taken) + 2) if (label := pattern.format(n=n)) not in taken)

    def nearest(self, time: float) -> Marker | None:
        return min(self._markers, key=lambda m: abs(m.time - time), default=None)

    def _set(self, markers: Sequence[Marker]) -> None:
        self._markers = in_order([Marker(m.time, plain(m.label), m.color) for m in markers])
        self._changed()
