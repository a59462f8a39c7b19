"""The player on recorded sessions, as a person uses it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from official_fakes import import_fake
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from seen import LONG, pixels
from session_files import number_of, picture, write_session

from expnet_live.app import texts
from expnet_live.app.player.curves import Curves
from expnet_live.app.player.replay import Replay
from expnet_live.app.state.history import head_angles
from expnet_live.app.theme import DARK, LIGHT, style_sheet
from expnet_live.capture.sources import open_source
from expnet_live.core.errors import UserError
from expnet_live.official.basel import BaselModel
from expnet_live.official.store import Store
from expnet_live.outputs.export.track import track
from expnet_live.sessions.format import markers
from expnet_live.sessions.format.folder import INFO, MARKERS, VIDEO
from expnet_live.sessions.format.info import write_info
from expnet_live.sessions.format.markers import Marker
from expnet_live.sessions.reading.session import Session
from expnet_live.threads.worker import Life
from expnet_live.video.writer import CRASH_SAFE, VideoWriter

if TYPE_CHECKING:
    from expnet_live.app.player.player_view import PlayerView

MARKS = (Marker(1.0, "smile begins"), Marker(3.0, "end"))
JAW = "jawOpen"


@pytest.fixture
def copy(tmp_path: Path, demo_session: Session) -> Path:
    """The demo session, whose pictures tell their numbers, with two markers."""
    folder = tmp_path / "session"
    shutil.copytree(demo_session.folder, folder)
    info, rows = demo_session.info, demo_session.rows
    video = VideoWriter(folder / VIDEO, 10.0, CRASH_SAFE)
    for number, moment in zip(rows.video_frame, rows.time, strict=True):
        video.write(picture(int(number), info.width, info.height), float(moment))
    video.close()
    (folder / MARKERS).write_bytes(markers.header_line() + b"".join(markers.marker_line(m) for m in MARKS))
    return folder


@pytest.fixture
def player(qtbot: Any, qapp: Any) -> Iterator[PlayerView]:
    from expnet_live.app.player.player_view import PlayerView

    view = PlayerView(DARK)
    view.resize(1000, 700)
    view.show()
    with qtbot.waitActive(view, timeout=LONG):
        view.activateWindow()
    view.setFocus()
    yield view
    view.close()
    view.deleteLater()


@pytest.fixture
def opened(qtbot: Any, player: PlayerView, copy: Path) -> PlayerView:
    open_(qtbot, player, copy)
    return player


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


def check_row(player: PlayerView, row: int) -> None:
    """Picture, head, cursor and numbers are those of the row."""
    replay, camera, moment = player.replay, player.camera, player.moment
    assert replay is not None and replay.drawn is not None and camera._image is not None
    assert number_of(camera._image) == replay.rows.video_frame[row] == row
    seen = int(replay.pose_row[row])
    info, model = replay.session.info, replay.drawn.head
    shown = info.person.corrected(replay.session.rows.expression[seen], info.coefficients)
    expected = model.vertices(shown, info.person.identity, replay.session.rows.gaze[seen])
    assert moment is not None and moment.head is not None
    assert np.abs(moment.head.vertices - expected).max() < 1e-3
    assert (moment.head.rotation == replay.rows.rotation[seen]).all()
    assert player.plot.cursor_time == player.controls.time_line._position == pytest.approx(replay.rows.time[row])
    assert player.controls.frame.text() == f"frame {row}"
    value = player.channels.value_text(JAW)
    face = replay.rows.face[row] >= 0
    assert value == (f"{shown[info.coefficients.index(JAW)]:+.2f}" if face else "–")
    assert [f.state.box.x for f in camera._faces] == ([replay.rows.box[row, 0]] if face else [])


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
    player.seek(float(rows.time[12]))
    row = settled(qtbot, player, 12)
    with open_source("demo") as source:
        image = next(f.image for f in source if f.index == 5 * row)
    assert player.camera._image is not None
    assert np.abs(player.camera._image.astype(float) - image[: info.height, : info.width]).mean() < 4


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
        opened.seek(wanted)
        settled(qtbot, opened, row)
        qtbot.waitUntil(lambda wanted=wanted: opened.plot.cursor_time == wanted, timeout=LONG)
        check_row(opened, row)
    assert opened.camera.note == texts.NO_FACE  # nobody is seen in row 26
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
    assert opened.plot._markers.markers == MARKS


def test_markers_are_drawn_where_they_are(qtbot: Any, opened: PlayerView) -> None:
    plot = opened.plot
    with_them = pixels(plot.grab().toImage())
    plot._markers.set_markers(())
    changed = np.abs(with_them - pixels(plot.grab().toImage())).max(2) > 20
    low, high = plot.view
    area = plot._plot.getViewBox().sceneBoundingRect()
    for marker in MARKS:
        x = round(area.left() + area.width() * (marker.time - low) / (high - low))
        assert changed[:, x - 1 : x + 2].any(1).sum() > 0.3 * area.height()  # a dashed line
        assert changed[:25, x + 4 : x + 30].sum() > 30  # and its label


def test_it_plays_through_all_rows_and_stops(qtbot: Any, opened: PlayerView) -> None:
    playback, seen = opened.playback, []
    assert playback is not None
    show = opened._show
    opened._show = lambda moment: (seen.append(moment.row), show(moment))  # type: ignore[assignment, func-returns-value]
    opened._commands.set_speed(4.0)
    begun = time.monotonic()
    qtbot.keyClick(opened, Qt.Key.Key_Space)
    assert playback.playing
    qtbot.waitUntil(lambda: opened.actions_["play"].text() == texts.PAUSE, timeout=LONG)
    qtbot.waitUntil(lambda: not playback.playing and opened.shown_row == 47, timeout=LONG)
    assert time.monotonic() - begun > 4.7 / 4 - 0.05
    assert seen == sorted(set(seen)) and len(seen) > 5
    assert opened.actions_["play"].text() == texts.PLAY and opened.moments is not None
    assert opened.moments.reader is not None and opened.moments.reader.seeks == 0
    check_row(opened, 47)


def test_the_range_is_set_looped_and_cleared(qtbot: Any, opened: PlayerView) -> None:
    playback = opened.playback
    assert playback is not None and opened.range is None
    opened.seek(1.5)
    qtbot.keyClick(opened, Qt.Key.Key_I)
    assert opened.range == (1.5, playback.end) and opened.actions_["loop"].isChecked()
    opened.seek(2.0)
    qtbot.keyClick(opened, Qt.Key.Key_O)
    assert opened.range == (1.5, 2.0) and opened.plot._region.isVisible()
    assert opened.controls.range.text() == "0:01.5 – 0:02.0"
    opened.plot._region.lines[1].setValue(2.2)  # as by pulling
    opened.plot._region.lineMoveFinished()
    assert opened.range == pytest.approx((1.5, 2.2))
    opened._commands.set_speed(4.0)
    opened.seek(1.5)
    qtbot.keyClick(opened, Qt.Key.Key_Space)
    rows: list[int] = []
    qtbot.waitUntil(lambda: rows.append(opened.shown_row) or int((np.diff(rows) < 0).sum()) >= 2, timeout=LONG)
    low, high = playback.row_at(1.5), playback.row_at(2.2)
    looped = rows[int(np.argmax(np.diff(rows) < 0)) + 1 :]  # since it began again
    assert set(looped) <= set(range(low, high + 1)) and playback.playing
    qtbot.keyClick(opened, Qt.Key.Key_Escape)
    assert opened.range is None and not opened.plot._region.isVisible() and opened.controls.range.text() == ""
    assert not opened.actions_["clear"].isEnabled()


def test_curves_are_chosen_and_zoomed(qtbot: Any, opened: PlayerView) -> None:
    plot, channels = opened.plot, opened.channels
    assert opened.replay is not None
    assert list(channels.colors) == opened.replay.liveliest(4) and len(channels.colors) == 4
    channels.toggle("yaw")
    part, drawn = plot._lines.drawn()
    assert list(drawn) == list(channels.colors) and len(part) == 48
    for name, y in drawn.items():
        scale = 0.1 if name == "yaw" else 1.0
        assert np.allclose(y, scale * opened.replay.channels[name], equal_nan=True)
    item = channels.item(0)
    name = channels.names[0]
    qtbot.mouseClick(channels.viewport(), Qt.MouseButton.LeftButton, pos=channels.visualItemRect(item).center())
    assert name not in channels.colors and name not in plot._lines.drawn()[1]
    whole = plot.view
    plot._plot.setXRange(2.0, 2.5, padding=0)
    assert len(plot._lines.drawn()[0]) < 12
    opened.seek(2.6)
    settled(qtbot, opened)
    assert plot.view == pytest.approx((2.0, 2.5))  # only playing turns the page
    qtbot.keyClick(opened, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: plot.view[0] > 2.5, timeout=LONG)
    qtbot.keyClick(opened, Qt.Key.Key_A)
    assert plot.view == pytest.approx(whole)
    rows = opened.replay.rows
    gone = np.flatnonzero(rows.face < 0)
    assert opened.replay.lost == [pytest.approx((rows.time[gone[0]], rows.time[gone[-1] + 1]))]


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


def _cut(folder: Path) -> None:
    data = (folder / VIDEO).read_bytes()
    (folder / VIDEO).write_bytes(data[: int(0.6 * len(data))])


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "cut": (_cut, texts.PLAYER_VIDEO_ENDED),
    "foreign": (lambda f: (f / VIDEO).write_bytes(b"nothing" * 99), "is damaged or not a video; restore it"),
    "missing": (lambda f: (f / VIDEO).unlink(), texts.PLAYER_NO_VIDEO),
}


@pytest.mark.parametrize("name", BROKEN)
def test_without_pictures_the_rows_go_on(qtbot: Any, player: PlayerView, copy: Path, name: str) -> None:
    damage, sentence = BROKEN[name]
    damage(copy)
    open_(qtbot, player, copy)
    if name == "cut":
        assert player.camera._image is not None
    for row in (45, 47):
        assert player.playback is not None
        player.seek(player.playback.time_of(row))
        settled(qtbot, player, row)
        qtbot.waitUntil(lambda: sentence in player.camera.note, timeout=LONG)
        assert player.camera._image is None and player.moment is not None and player.moment.head is not None
        assert player.controls.frame.text() == f"frame {row}"


def test_a_private_session_shows_the_head_alone(qtbot: Any, player: PlayerView, copy: Path) -> None:
    (copy / VIDEO).unlink()
    write_info(copy, replace(Session.open(copy).info, video_frames=None))
    open_(qtbot, player, copy)
    assert not player.camera.isVisible() and player.head.isVisible()
    assert player.head.width() > 900 and not player.controls.overlay.isVisible()


def test_rows_without_a_picture_of_their_own(qtbot: Any, player: PlayerView, copy: Path) -> None:
    table = copy / "coefficients.csv"
    lines = table.read_text().splitlines()
    for row in (*range(10, 20), 21):
        frame, _, rest = lines[1 + row].split(",", 2)
        lines[1 + row] = f"{frame},,{rest}"
    table.write_text("\n".join(lines) + "\n")
    open_(qtbot, player, copy)
    assert player.playback is not None
    for row, number, note in (
        (12, 9, texts.PLAYER_HELD_PICTURE),
        (19, None, texts.PLAYER_NO_PICTURE),
        (20, 20, ""),
        (21, 20, texts.PLAYER_HELD_PICTURE),
    ):
        player.seek(player.playback.time_of(row))
        settled(qtbot, player, row)
        image = player.camera._image
        assert player.camera.note == note and (None if image is None else number_of(image)) == number


def test_another_face_model_has_no_head(qtbot: Any, player: PlayerView, tmp_path: Path) -> None:
    write_session(tmp_path / "s", n=12)
    open_(qtbot, player, tmp_path / "s")
    assert not player.head.isVisible() and "another face model (face_model.npz)" in player._no_head.text()
    player.seek(9.0)
    settled(qtbot, player)
    assert player.channels.value_text("c3") == "–"  # its last frame is without a face


def test_what_is_no_session_is_said(qtbot: Any, player: PlayerView, copy: Path, tmp_path: Path) -> None:
    assert player.message.text() == texts.PLAYER_NONE
    (copy / INFO).write_text("{}")
    empty = tmp_path / "empty"
    write_session(empty, n=0)
    for folder, sentence in ((copy, "is damaged"), (tmp_path / "nowhere", "is not there"), (empty, "holds no frames")):
        player.open_session(folder)
        qtbot.waitUntil(lambda sentence=sentence: sentence in player.message.text(), timeout=LONG)
        assert player.message.isVisible() and not player.actions_["play"].isEnabled()
        assert player.folder == folder and player.range is None


def test_one_session_after_the_other(qtbot: Any, opened: PlayerView, demo_session: Session) -> None:
    opened.set_range((1.0, 2.0))
    open_(qtbot, opened, demo_session.folder)
    assert opened.folder == demo_session.folder and opened.range is None and opened.plot._markers.markers == ()
    opened.close_session()
    assert opened.folder is None and opened.message.isVisible() and not opened._timer.isActive()


def test_a_session_of_the_official_release(
    qtbot: Any, player: PlayerView, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the Basel model's head and lines where that was imported, and a sentence where not."""
    folder, data = tmp_path / "s", tmp_path / "imported"
    write_session(folder, n=12, names=BaselModel.names, n_identity=99)
    open_(qtbot, player, folder)
    assert not player.head.isVisible() and "import it with 'expnet-live official import'" in player._no_head.text()
    import_fake(Store(data / "official"))
    monkeypatch.setenv("EXPNET_LIVE_DATA", str(data))
    open_(qtbot, player, folder)
    settled(qtbot, player, 0)
    replay, moment, basel = player.replay, player.moment, BaselModel.load()
    assert player.head.isVisible() and not player._no_head.isVisible()
    assert replay is not None and replay.drawn is not None and moment is not None and moment.head is not None
    shown = replay.session.info.person.corrected(replay.session.rows.expression[0], BaselModel.names)
    assert np.abs(moment.head.vertices - basel.vertices(shown, replay.rows.identity[-2])).max() < 1e-3
    qtbot.waitUntil(lambda: pixels(player.head.picture()).std() > 10, timeout=LONG)
    # There are lines where the import knows its points of the Face Mesh.
    seen = replay.drawn.lines._seen(replay.faces(0)[0], (320, 240))
    assert (seen is None) == (basel.traits.marks is None)


def test_closing_while_a_long_session_is_read(qtbot: Any, player: PlayerView, copy: Path) -> None:
    table = copy / "coefficients.csv"
    names, *rows = table.read_text().splitlines()
    cells = rows[0].split(",")
    table.write_text(names + "\n" + "".join(f"{i},,{i / 30},{','.join(cells[3:])}\n" for i in range(30_000)))
    player.open_session(copy)
    loader = player._loader
    assert loader is not None
    qtbot.waitUntil(lambda: loader.share > 0, timeout=LONG)
    assert texts.PLAYER_LOADING.split("{")[0] in player.message.text()
    begun = time.monotonic()
    player.close_session()
    assert time.monotonic() - begun < 2 and loader.life is Life.STOPPED and not loader.alive and loader.share < 1


def test_a_stopped_loader_reads_no_further(tmp_path: Path) -> None:
    """It ends before it comes upon what is wrong with the last row."""
    write_session(tmp_path, n=1200)
    path = tmp_path / "coefficients.csv"
    header, *rows = path.read_bytes().splitlines(keepends=True)
    rows *= 1 + (12 << 20) // sum(map(len, rows))  # more than is read between two looks at the progress
    path.write_bytes(b"".join([header, *rows, b"damaged\n"]))
    told: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        told.append((done, total))
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Replay.load(tmp_path, stop)
    (start, total), (later, _) = told
    assert start == 0 < later < total
    with pytest.raises(UserError, match=f"damaged at line {len(rows) + 2}"):
        Replay.load(tmp_path, lambda *_: None)


def test_closing_while_it_loads_leaves_nothing(qtbot: Any, player: PlayerView, copy: Path) -> None:
    player.open_session(copy)
    begun = time.monotonic()
    player.close()  # the fixture that watches for threads and timers fails otherwise
    assert time.monotonic() - begun < 2.5


def test_curves_are_thinned_without_losing_peaks() -> None:
    x = np.arange(54_000) / 30
    y = np.zeros(len(x))
    y[12_345] = 5
    y[30_000:33_000] = np.nan
    curves = Curves(x, {"a": y, "none": np.full(len(x), np.nan)})
    assert curves.ends == {"a": (0.0, 5.0), "none": None}
    for columns in (2000, 800, 100, 1):
        part = curves.slice(0.0, 1800.0, columns)
        ty = part.y("a")
        assert len(part) == len(ty) <= max(2 * columns, 128) and (np.diff(part.x) >= 0).all()
        assert np.nanmax(ty) == 5 and abs(part.x[np.nanargmax(ty)] - x[12_345]) < 1800 / len(ty) * 2
        assert np.isnan(ty).mean() == pytest.approx(3000 / 54_000, abs=4 / len(ty))
    part = curves.slice(411.0, 412.0, 800)
    assert 30 <= len(part) <= 34 and part.y("a").max() == 5  # every point is there
    for low in (100.0, 100.4, 101.7):  # moved, a curve keeps its shape
        part, whole = curves.slice(low, low + 900, 800), curves.slice(0.0, 900.0, 800)
        assert np.isin(part.x[:500], whole.x).all()
