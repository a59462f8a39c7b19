"""The player on a session."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from seen import LONG

from expnet_live.sessions.format.markers import Marker

if TYPE_CHECKING:
    from expnet_live.app.player.player_view import PlayerView


MARKS = (Marker(1.0, "smile begins"), Marker(3.0, "end"))


def open_(qtbot: Any, player: PlayerView, folder: Path) -> None:
    player.open_session(folder)
    qtbot.waitUntil(lambda: player.shown_row >= 0, timeout=LONG)


def settled(qtbot: Any, player: PlayerView, row: int | None = None) -> int:
    """The row that is shown, when it is the one that is due."""
    playback, moments = player.playback, player.moments
    assert playback is not None and moments is not None
    qtbot.waitUntil(
        lambda: player.shown_row == (playback.row if row is None else row) and moments.asked is None, timeout=LONG
    )
    return player.shown_row
