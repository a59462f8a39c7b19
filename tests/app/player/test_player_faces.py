"""The player on a session of two people: whom it shows, and how another one is chosen."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from players import open_, settled
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtTest import QTest
from seen import LONG

from expnet_live.app import texts
from expnet_live.app.player.replay import Replay
from expnet_live.app.sessions_window.export_form import ExportForm
from expnet_live.heads.look import USUAL
from expnet_live.outputs.export.track import main_face, track
from expnet_live.sessions.format.folder import TABLE
from expnet_live.sessions.reading.session import Session

if TYPE_CHECKING:
    from expnet_live.app.player.player_view import PlayerView

LEFT, RIGHT = 0, 1  # their numbers; the right one has the profile, and is missed in a few frames


@pytest.fixture
def pair(copy: Path) -> Path:
    """Each face twice, side by side; the window mirrored the right one, whose jaw is open."""
    with (copy / TABLE).open(newline="", encoding="utf-8") as file:
        columns, *lines = csv.reader(file)
    at = {name: i for i, name in enumerate(columns)}
    rows = []
    for line in lines:
        seen = bool(line[at["face"]])
        if seen and int(line[at["frame"]]) not in range(5):
            right = list(line)
            right[at["face"]], right[at["jawOpen"]] = str(RIGHT), "1.5"
            right[at["box_x"]] = str(float(line[at["box_x"]]) + 150)
            right[at["box_w"]] = line[at["box_w"]] = "100"
            rows.append(right)
        rows.append(line)
    with (copy / TABLE).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([columns, *rows])
    info = json.loads((copy / "session.json").read_text(encoding="utf-8"))
    info |= {"faces": {str(RIGHT): "Ada"}, "rows": len(rows)}
    (copy / "session.json").write_text(json.dumps(info), encoding="utf-8")
    return copy


def check_shown(player: PlayerView, face: int, row: int = 10) -> Replay:
    """Head, numbers and the bright corners are of that face, the other one is marked as well."""
    replay = player.replay
    assert replay is not None and player.face == face
    mine = track(replay.session.rows, face)
    assert np.array_equal(replay.rows.face, mine.face)
    assert [f.state.face for f in player.camera.faces] == [face, LEFT + RIGHT - face]
    assert replay.rows.box[row, 0] == mine.box[row, 0] == player.camera.faces[0].state.box.x
    return replay


def test_the_mirrored_person_is_shown_though_the_other_was_seen_longer(
    qtbot: Any, player: PlayerView, pair: Path
) -> None:
    session = Session.open(pair)
    rows = session.rows
    assert main_face(rows, replace(session.info, people={})) == LEFT and main_face(rows, session.info) == RIGHT
    open_(qtbot, player, pair)
    player.deck.seek(float(rows.time[rows.frame == 10][0]))
    settled(qtbot, player, 10)
    check_shown(player, RIGHT)


def test_a_click_on_a_face_shows_it_at_the_same_moment(qtbot: Any, player: PlayerView, pair: Path) -> None:
    open_(qtbot, player, pair)
    replay = player.replay
    assert replay is not None
    player.deck.seek(float(replay.rows.time[10]))
    player.deck.set_range((0.5, 1.5))
    player.readout.toggle("jawLeft")
    settled(qtbot, player, 10)
    chosen = list(player.readout.colors)
    sent: list[Any] = []
    player.sent.connect(sent.append)
    player.actions_["send"].trigger()
    for face in (LEFT, RIGHT):
        box = next(f for f in player.camera.faces if f.state.face == face).state.box
        x, y = box.x + box.w / 2, box.y + box.h / 2
        info, camera = replay.session.info, player.camera
        scale = min(camera.width() / info.width, camera.height() / info.height)
        left, top = (camera.width() - info.width * scale) / 2, (camera.height() - info.height * scale) / 2
        at = QPoint(round(left + (info.width - x if camera.mirror else x) * scale), round(top + y * scale))
        QTest.mouseClick(camera, Qt.MouseButton.LeftButton, pos=at)
        qtbot.waitUntil(lambda face=face: player.face == face, timeout=LONG)
        qtbot.waitUntil(lambda: player.shown_row == 10, timeout=LONG)
        sent.clear()
        qtbot.waitUntil(lambda: bool(sent), timeout=LONG)
        now = check_shown(player, face)
        assert sent[-1].faces[0].state.face == face
        assert list(player.readout.colors) == chosen and player.range == (0.5, 1.5)
        assert (
            sent[-1].faces[0].expression[now.names.index("jawOpen")] == now.expression[10, now.names.index("jawOpen")]
        )
    assert player.playback is not None and player.playback.row == 10


def test_an_export_of_any_title_has_a_name(qtbot: Any, store: QSettings, pair: Path) -> None:
    form = ExportForm(store, lambda work, then: then(work()), lambda: USUAL)
    qtbot.addWidget(form)
    form.set_folder(pair.parent)
    for title, name in (("表" * 200, "表" * 60), ("aux", "_aux"), ("...", pair.name)):
        form.set_session(Session.open(pair), title)
        assert form.out == pair.parent / f"{name}.csv"
    assert form.name_finder()("...") == pair.parent / "session.csv"


def test_an_export_of_one_face_takes_the_one_in_the_player(qtbot: Any, store: QSettings, pair: Path) -> None:
    form = ExportForm(store, lambda work, then: then(work()), lambda: USUAL)
    qtbot.addWidget(form)
    form.set_session(Session.open(pair), "Pair")
    for face in (LEFT, RIGHT):
        form.set_shown(face)
        form.set_format("bvh-head")
        assert form.options().face == face
        form.set_format("csv")
        assert form.options().face is None
    listed = [form.face.itemText(i) for i in range(form.face.count())]
    assert listed == [texts.EXPORT_FACES, "Face 0", "Face 1, Ada"]


def test_the_session_may_be_closed_while_it_turns(qtbot: Any, player: PlayerView, pair: Path) -> None:
    open_(qtbot, player, pair)
    player.follow(LEFT)
    player.close_session()
    assert player.face is None
    open_(qtbot, player, pair)
    assert player.face == RIGHT
