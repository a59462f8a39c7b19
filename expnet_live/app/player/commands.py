"""What the player's buttons and keys do."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from expnet_live.app.view3d.visual import Look

if TYPE_CHECKING:
    from expnet_live.app.player.player_view import PlayerView

_NEAR = 0.05  # s that a marker may be away to be the one the cursor is at


class PlayerCommands:
    def __init__(self, view: PlayerView) -> None:
        self._view = view
        self.speed = 1.0

    def handlers(self) -> dict[str, Callable[..., object]]:
        """By the keys of PlayerActions."""
        return {
            "play": self.toggle_playing,
            "back": lambda: self._step(-1),
            "forth": lambda: self._step(1),
            "previous": lambda: self._to_marker(-1),
            "next": lambda: self._to_marker(1),
            "begin": lambda: self._view.seek(-math.inf),
            "end": lambda: self._view.seek(math.inf),
            "loop": self._set_loop,
            "in": lambda: self._set_end(0),
            "out": lambda: self._set_end(1),
            "clear": lambda: self._view.set_range(None),
            "all": lambda: self._view.plot.show_all(),
            "reset_view": lambda: self._view.head.orbit.reset(),
            "wireframe": lambda on: self._set_look(replace(self._look, wireframe=on)),
            "painted": self._set_painted,
            "hair": lambda on: self._set_look(replace(self._look, hair=on)),
            "follow": self._set_follow,
            "mirror": self._set_mirror,
        }

    def toggle_playing(self) -> None:
        if (playback := self._view.playback) is not None:
            now = time.monotonic()
            playback.pause(now) if playback.playing else playback.play(now)

    def set_speed(self, speed: float) -> None:
        self.speed = speed
        if self._view.playback is not None:
            self._view.playback.set_speed(speed, time.monotonic())

    def set_overlay(self, overlay: str) -> None:
        self._view.camera.overlay = overlay
        self._view.camera.update()

    def _step(self, rows: int) -> None:
        if self._view.playback is not None:
            self._view.playback.step(rows, time.monotonic())

    def _to_marker(self, way: int) -> None:
        replay, playback = self._view.replay, self._view.playback
        if replay is None or playback is None:
            return
        times = [m.time for m in replay.session.markers]
        beyond = [t for t in times if (t - playback.position) * way > _NEAR]
        if beyond:
            self._view.seek(min(beyond) if way > 0 else max(beyond))

    def _set_end(self, which: int) -> None:
        """Puts the beginning (0) or end (1) of the range to the cursor."""
        if (playback := self._view.playback) is None:
            return
        ends = list(playback.range or (playback.start, playback.end))
        ends[which] = playback.position
        if ends[0] >= ends[1]:  # beyond the other end, which then goes
            ends[1 - which] = (playback.end, playback.start)[which]
        self._view.set_range((ends[0], ends[1]))

    def _set_loop(self, on: bool) -> None:
        if self._view.playback is not None:
            self._view.playback.loop = on

    @property
    def _look(self) -> Look:
        return self._view.head.look

    def _set_look(self, look: Look) -> None:
        self._view.head.set_look(look)

    def _set_painted(self, on: bool) -> None:
        self._set_look(replace(self._look, painted=on))
        self._view.paint_head()

    def _set_follow(self, on: bool) -> None:
        self._view.head.follow = on
        self._set_look(self._look)  # turned to where it belongs now

    def _set_mirror(self, on: bool) -> None:
        self._view.camera.mirror = self._view.head.mirror = on
        self._view.camera.update()
        self._set_look(self._look)  # turned to where it belongs now
