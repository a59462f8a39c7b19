"""What the app has to tell."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Notice:
    """For a banner. `kind`: info, warning, error, or gone, which takes the one of that key away.

    `act` names what its button does: sources, demo, retry, log, folder, replay, library, or use-N for camera N.
    """

    key: str
    kind: str
    text: str = ""
    button: str | None = None
    act: str | None = None
    stays: bool = True
