"""All actions of the player's buttons and keys, in one table."""

from __future__ import annotations

import math
from typing import Protocol

from expnet_live.app import texts
from expnet_live.app.player.deck import Deck
from expnet_live.app.player.plot import SessionPlot
from expnet_live.app.player.views import Views
from expnet_live.app.widgets.actions import ActionSpec, Tint


class Player(Protocol):
    """The objects that the actions work on."""

    @property
    def deck(self) -> Deck: ...

    @property
    def views(self) -> Views: ...

    @property
    def plot(self) -> SessionPlot: ...

    def mark(self) -> None: ...

    def edit_marker(self) -> None: ...

    def send(self, on: bool) -> None: ...


_A = ActionSpec[Player]

TABLE = (
    _A("play", texts.PLAY, texts.PLAYER_PLAY_TIP, ("Space",), "play", lambda p: p.deck.play_or_pause()),
    _A("back", texts.PLAYER_BACK, texts.PLAYER_BACK_TIP, ("Left", ","), "step_back", lambda p: p.deck.step(-1)),
    _A("forth", texts.PLAYER_FORTH, texts.PLAYER_FORTH_TIP, ("Right", "."), "step_forth", lambda p: p.deck.step(1)),
    _A(
        "previous",
        texts.PLAYER_PREVIOUS,
        texts.PLAYER_PREVIOUS_TIP,
        ("Ctrl+Left",),
        "previous",
        lambda p: p.deck.to_marker(-1),
    ),
    _A("next", texts.PLAYER_NEXT, texts.PLAYER_NEXT_TIP, ("Ctrl+Right",), "next", lambda p: p.deck.to_marker(1)),
    _A("mark", texts.PLAYER_MARK, texts.PLAYER_MARK_TIP, ("K",), "marker", lambda p: p.mark()),
    _A("edit_marker", texts.PLAYER_EDIT, texts.PLAYER_EDIT_TIP, ("Shift+K",), do=lambda p: p.edit_marker()),
    _A("begin", texts.PLAYER_BEGIN, "", ("Home",), do=lambda p: p.deck.seek(-math.inf)),
    _A("end", texts.PLAYER_END, "", ("End",), do=lambda p: p.deck.seek(math.inf)),
    _A(
        "loop",
        texts.LOOP,
        texts.PLAYER_LOOP_TIP,
        ("L",),
        "loop",
        switch=lambda p, on: p.deck.set_loop(on),
        tint=Tint.FLAT,
    ),
    _A("in", texts.PLAYER_IN, texts.PLAYER_IN_TIP, ("I",), "range_in", lambda p: p.deck.begin_range()),
    _A("out", texts.PLAYER_OUT, texts.PLAYER_OUT_TIP, ("O",), "range_out", lambda p: p.deck.end_range()),
    _A("clear", texts.PLAYER_CLEAR, texts.PLAYER_CLEAR_TIP, ("Escape",), "close", lambda p: p.deck.set_range(None)),
    _A("all", texts.PLAYER_ALL, texts.PLAYER_ALL_TIP, ("A",), "whole", lambda p: p.plot.show_all()),
    _A(
        "send",
        texts.PLAYER_SEND,
        texts.PLAYER_SEND_TIP,
        icon="send",
        switch=lambda p, on: p.send(on),
        tint=Tint.FLAT,
    ),
    _A("reset_view", texts.RESET_VIEW, texts.RESET_VIEW_TIP, ("R",), "reset", lambda p: p.views.reset()),
    _A(
        "wireframe",
        texts.WIREFRAME,
        texts.WIREFRAME_TIP,
        ("W",),
        "wireframe",
        switch=lambda p, on: p.views.set_wireframe(on),
    ),
    _A("painted", texts.PAINT, texts.PLAYER_PAINT_TIP, ("P",), "paint", switch=lambda p, on: p.views.set_painted(on)),
    _A("hair", texts.HAIR, texts.HAIR_TIP, ("J",), "hair", switch=lambda p, on: p.views.set_hair(on)),
    _A("follow", texts.FOLLOW, texts.PLAYER_FOLLOW_TIP, ("H",), "follow", switch=lambda p, on: p.views.set_follow(on)),
    _A("mirror", texts.MIRROR, texts.MIRROR_TIP, ("M",), "mirror", switch=lambda p, on: p.views.set_mirror(on)),
)

ON_HEAD = ("reset_view", "wireframe", "painted", "hair", "follow", "mirror")  # buttons that float over the head
