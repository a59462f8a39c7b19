"""The player on recorded sessions, as a person uses it: picture, head and numbers move together."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from players import MARKS, open_, settled
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from seen import LONG, pick, pixels
from session_files import number_of

from expnet_live.app import texts
from expnet_live.app.state.history import head_angles
from expnet_live.app.theme import LIGHT, style_sheet
from expnet_live.capture.sources import open_source
from expnet_live.outputs.export.track import track
from expnet_live.sessions.reading.playback import SPEEDS
from expnet_live.sessions.reading.session import Session

if TYPE_CHECKING:
    from expnet_live.app.player.player_view import PlayerView


JAW = "jawOpen"


def check_row(player: PlayerView, row: int) -> None:
    """Picture, head, cursor and numbers are those of the row."""
    replay, camera, moment = player.replay, player.camera, player.moment
    assert replay is not None and replay.drawn is not None and camera.image is not None
    assert number_of(camera.image) == replay.rows.video_frame[row] == row
    seen = int(replay.pose_row[row])
    info, model = replay.session.info, replay.drawn.head
    shown = info.person.corrected(replay.session.rows.expression[seen], info.coefficients)
    expected = model.vertices(shown, info.person.identity, replay.session.rows.gaze[seen])
    assert moment is not None and moment.head is not None
    assert np.abs(moment.head.vertices - expected).max() < 1e-3
    assert (moment.head.pose.rotation == replay.rows.rotation[seen]).all()
    assert player.plot.cursor_time == player.controls.time_line.position == pytest.approx(replay.rows.time[row])
    assert player.controls.frame.text() == f"frame {row}"
    face, jaw = replay.rows.face[row] >= 0, shown[info.coefficients.index(JAW)]
    assert player.readout.text(JAW) == (f"{jaw:+.1f}" if face else "–")
    assert player.readout.bars.value(JAW) == pytest.approx(jaw)  # without a face, as the head
    assert [f.state.box.x for f in camera.faces] == ([replay.rows.box[row, 0]] if face else [])


def test_replay_gives_what_was_recorded(qtbot: Any, player: PlayerView, demo_session: Session) -> None:
    """Acceptance: the same coefficients as were recorded, to the last bit."""
    open_(qtbot, player, demo_session.folder)
    replay, rows, info = player.replay, demo_session.rows, demo_session.info
    assert replay is not None
    recorded = track(rows, None)
    assert len(replay) == 48
    for field in ("expression", "expression_raw", "rotation", "translation", "gaze", "identity", "time"):
        assert np.array_equal(getattr(replay.rows, field), getattr(recorded, field), equal_nan=True)
    neutral = np.array([info.person.neutral.get(n, 0) for n in info.coefficients], np.float32)
    gains = np.array([info.person.gains.get(n, 1) for n in info.coefficients], np.float32)
    assert np.array_equal(replay.expression, (rows.expression - neutral) * gains, equal_nan=True)
    assert replay.angles[12] == pytest.approx(head_angles(rows.rotation[12]), abs=1e-4)
    # And the picture is the one that the camera saw.
    player.deck.seek(float(rows.time[12]))
    row = settled(qtbot, player, 12)
    with open_source("demo") as source:
        image = next(f.image for f in source if f.index == 3 * row)
    assert player.camera.image is not None
    assert np.abs(player.camera.image.astype(float) - image[: info.height, : info.width]).mean() < 4


def test_scrubbing_moves_everything_together(qtbot: Any, opened: PlayerView) -> None:
    assert opened.replay is not None and opened.playback is not None and not opened.playback.playing
    check_row(opened, 0)
    line = opened.controls.time_line
    for row in (40, 3, 27, 47, 26):
        wanted = float(opened.replay.rows.time[row])
        at = QPoint(round(line.x_of(wanted)), line.height() // 2)
        QTest.mouseClick(line, Qt.MouseButton.LeftButton, pos=at)
        # A pixel is less than a frame here.
        qtbot.waitUntil(lambda row=row: abs(opened.shown_row - row) <= 1, timeout=LONG)
        opened.deck.seek(wanted)
        settled(qtbot, opened, row)
        qtbot.waitUntil(lambda wanted=wanted: opened.plot.cursor_time == wanted, timeout=LONG)
        check_row(opened, row)
    assert opened.camera.note == texts.NO_FACE  # row 26 has no face
    opened.plot.sought.emit(2.0)
    assert settled(qtbot, opened) == opened.playback.row_at(2.0)


def test_steps_ends_and_markers_by_key(qtbot: Any, opened: PlayerView) -> None:
    def press(key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> int:
        qtbot.keyClick(opened, key, modifier)
        return settled(qtbot, opened)

    control = Qt.KeyboardModifier.ControlModifier
    assert [press(Qt.Key.Key_Right), press(Qt.Key.Key_Period), press(Qt.Key.Key_Left)] == [1, 2, 1]
    check_row(opened, 1)
    assert press(Qt.Key.Key_End) == 47 and press(Qt.Key.Key_Comma) == 46
    check_row(opened, 46)
    assert press(Qt.Key.Key_Home) == 0
    assert opened.playback is not None
    for key, marker in ((Qt.Key.Key_Right, 0), (Qt.Key.Key_Right, 1), (Qt.Key.Key_Right, 1), (Qt.Key.Key_Left, 0)):
        assert press(key, control) == opened.playback.row_at(MARKS[marker].time)
        assert opened.playback.position == opened.plot.cursor_time == MARKS[marker].time
    assert opened.plot.markers == MARKS


def test_it_plays_through_all_rows_and_stops(qtbot: Any, opened: PlayerView) -> None:
    playback = opened.playback
    seen: list[int] = []
    assert playback is not None
    pick(opened.controls.speed, SPEEDS.index(4.0))
    begun = time.monotonic()
    qtbot.keyClick(opened, Qt.Key.Key_Space)
    assert playback.playing
    qtbot.waitUntil(lambda: opened.actions_["play"].text() == texts.PAUSE, timeout=LONG)
    qtbot.waitUntil(lambda: seen.append(opened.shown_row) or (not playback.playing and seen[-1] == 47), timeout=LONG)
    assert time.monotonic() - begun > 4.7 / 4 - 0.05
    assert seen == sorted(seen) and len(set(seen)) > 5
    assert opened.actions_["play"].text() == texts.PLAY and opened.moments is not None
    assert opened.moments.reader is not None and opened.moments.reader.seeks == 0
    check_row(opened, 47)


@pytest.mark.usefixtures("steady")
def test_the_head_orbits_while_paused(qtbot: Any, opened: PlayerView) -> None:
    before = pixels(opened.head.picture())
    opened.head.orbit.drag(60, 0)
    opened.head.native.moved.emit()
    assert np.abs(pixels(opened.head.picture()) - before).mean() > 1
    opened.actions_["reset_view"].trigger()
    qtbot.waitUntil(lambda: np.abs(pixels(opened.head.picture()) - before).mean() < 0.5, timeout=LONG)
    for key in ("wireframe", "painted", "hair", "follow", "mirror"):
        opened.actions_[key].trigger()
    opened.set_theme(LIGHT)
    opened.setStyleSheet(style_sheet(LIGHT))
    assert np.abs(pixels(opened.head.picture()) - before).mean() > 10
    assert not opened.camera.mirror


def test_export_is_asked_for(qtbot: Any, opened: PlayerView) -> None:
    with qtbot.waitSignal(opened.export_asked, timeout=LONG):
        qtbot.mouseClick(opened.controls.export, Qt.MouseButton.LeftButton)


def test_a_smaller_player_shows_the_whole_head(qtbot: Any, opened: PlayerView) -> None:
    """While it stands still: its buttons, in two columns now, take another part of the view."""
    head = opened.head
    opened.resize(700, 480)
    qtbot.waitUntil(lambda: head.width() < 300, timeout=LONG)
    head.resize(head.width(), 190)
    shown = pixels(head.native.grab().toImage())
    head.set_finish(head.finish)  # draws it again
    assert np.abs(pixels(head.native.grab().toImage()) - shown).max() < 30


def test_the_speed_is_as_wide_in_two_rows(qtbot: Any, opened: PlayerView) -> None:
    controls = opened.controls
    wide = controls.speed.width()
    opened.resize(controls.minimumSizeHint().width() + 40, 500)
    qtbot.waitUntil(lambda: controls.export.y() > controls.speed.y() + 10, timeout=LONG)
    assert controls.speed.width() == wide
