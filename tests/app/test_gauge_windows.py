"""Bars and curves are the same in both windows, with one switch; their labels are whole at every size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from seen import LONG, pick

from expnet_live.app import texts
from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.state.gauge import ACTIONS, COEFFICIENTS, GAUGES
from expnet_live.app.widgets.legend import Legend
from expnet_live.capture.sources import open_spec
from expnet_live.capture.spec import SourceSpec
from expnet_live.core.arkit import ARKIT
from expnet_live.live.loading import load_pipeline


def whole(legend: Legend) -> bool:
    """Whether each entry has room for its title, or is counted; the last one may be shortened."""
    shown = legend.entries[: len(legend.entries) - len(legend.hidden)]
    metrics = legend.fontMetrics()
    return bool(shown) and all(
        legend.place(e.name).right() <= legend.width()
        and legend.place(e.name).bottom() <= legend.height()
        and legend.place(e.name).width() >= (72 if e in legend.cut else metrics.horizontalAdvance(e.title))
        for e in shown
    )


def test_lists_beside_titles_show_each_choice_whole(window: MainWindow) -> None:
    parts = window.parts
    for chooser in (parts.overlay, parts.span, parts.gauge):
        for i in range(chooser.count()):
            text = chooser.itemText(i)
            assert chooser.fontMetrics().horizontalAdvance(text) <= chooser.maximumWidth() - 42, text


@pytest.mark.parametrize("size", [(900, 600), (1000, 640), (1280, 800), (1920, 1080)])
def test_labels_of_curves_are_whole(qtbot: Any, window: MainWindow, size: tuple[int, int]) -> None:
    window.resize(*size)
    legends = window.parts.curves.findChildren(Legend)
    assert len(legends) == 2
    qtbot.waitUntil(lambda: all(whole(legend) for legend in legends), timeout=LONG)
    assert [e.title for e in legends[1].entries] == ["Yaw", "Pitch", "Roll"] and not legends[1].hidden
    # In the narrowest window a wide font may leave too little room for the fourth, which is then shortened.
    qtbot.waitUntil(lambda: not legends[0].hidden and len(legends[0].cut) <= (size[0] <= 900), timeout=LONG)
    more = ("mouthFunnel", "mouthPucker", "jawForward", "cheekPuff", "mouthDimpleRight", "browOuterUpLeft")
    window.commands.choose(curves=(*window.controller.choices.curves, *more))
    qtbot.waitUntil(lambda: all(whole(legend) for legend in legends), timeout=LONG)
    assert len(legends[0].entries) == 10
    first = legends[0].entries[0].name
    qtbot.mouseClick(legends[0], Qt.MouseButton.LeftButton, pos=legends[0].place(first).center().toPoint())
    assert first not in window.controller.choices.curves


def test_one_switch_for_both_windows(qtbot: Any, open_window: Callable[..., MainWindow]) -> None:
    main = open_window(SourceSpec.demo(), open_=open_spec, load=load_pipeline)
    qtbot.waitUntil(lambda: main.actions_["record"].isEnabled(), timeout=3 * LONG)
    main.actions_["record"].trigger()
    recorder = main.controller.recording.recorder
    assert recorder is not None
    qtbot.waitUntil(lambda: recorder.frames >= 20, timeout=3 * LONG)
    main.actions_["record"].trigger()
    qtbot.waitUntil(lambda: main.controller.recording.last is not None, timeout=LONG)
    main.commands.show_sessions(recorder.folder)
    sessions = main.commands.sessions
    assert sessions is not None
    player, readout = sessions.player, sessions.player.readout
    qtbot.waitUntil(lambda: player.folder == recorder.folder and player.shown_row >= 0, timeout=LONG)
    assert player.replay is not None
    row = player.shown_row
    assert readout.bars.names == main.parts.bars.names == ARKIT
    for name in ("jawOpen", "eyeBlinkLeft"):
        assert readout.bars.value(name) == pytest.approx(player.replay.blendshapes[row, ARKIT.index(name)])
    assert readout.text("jawOpen").endswith(" %")
    chosen = list(readout.colors)
    assert set(chosen) <= set(ARKIT) and list(player.plot.drawn()[1]) == chosen
    pick(readout.gauge, GAUGES.index(COEFFICIENTS))
    names = player.replay.names
    assert main.controller.choices.gauge == COEFFICIENTS and readout.bars.names == names
    qtbot.waitUntil(lambda: main.parts.bars.names == names, timeout=LONG)
    assert main.parts.gauge.currentText() == texts.GAUGES[COEFFICIENTS]
    assert readout.bars.value(names[0]) == pytest.approx(player.replay.expression[row, 0])
    part, drawn = player.plot.drawn()
    assert list(drawn) == list(readout.colors) and set(drawn) <= set(names) and len(part) == len(player.replay)
    readout.toggle(names[0])
    pick(main.parts.gauge, GAUGES.index(ACTIONS))
    qtbot.waitUntil(lambda: main.parts.bars.names == ARKIT, timeout=LONG)
    assert readout.bars.names == ARKIT and readout.gauge.currentText() == texts.GAUGES[ACTIONS]
    assert list(readout.colors) == chosen  # each gauge keeps its curves
    for name, y in player.plot.drawn()[1].items():
        assert np.allclose(y, player.replay.blendshapes[:, ARKIT.index(name)], equal_nan=True)
