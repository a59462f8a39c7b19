"""Sends a session to other programs while it is played. No Qt here."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from expnet_live.app.player.moments import Moment
from expnet_live.app.player.replay import Replay
from expnet_live.live.state import LiveState
from expnet_live.sessions.format.markers import Marker
from expnet_live.sessions.reading.playback import Playback

_STANDING = 0.1  # s after which a moment that stays is sent again


class Sender:
    """While `on`, `send` gets what is shown, and `mark` the labels of markers that are played, with their times
    (time.monotonic(), s)."""

    def __init__(self, send: Callable[[LiveState], None], mark: Callable[[str, float], None]) -> None:
        self.on = False
        self._send, self._mark = send, mark
        self._row, self._time = -1, 0.0  # the row that was sent last, and when

    def show(self, replay: Replay, moment: Moment) -> None:
        """Send also what stands still, because programs take silence for the end."""
        now = time.monotonic()
        if self.on and (moment.row != self._row or now - self._time > _STANDING):
            self._row, self._time = moment.row, now
            self._send(replay.live(moment.row, moment.image, now))

    def play(self, playback: Playback, markers: Sequence[Marker]) -> None:
        """Send the markers that were played since the last call."""
        for played in playback.take_played():
            for marker in markers if self.on else ():
                # Those beside the recorded moments belong to the nearest one.
                time_of = min(max(marker.time, playback.start), playback.end)
                if time_of in played:
                    self._mark(marker.label, played.when(time_of))
