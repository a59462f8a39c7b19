"""The windows for people who use the keyboard alone, hear them, or see little."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from colors import XYZ, contrast, linear
from live_fakes import Puppet
from PySide6.QtCore import QObject, QPoint, QRect, QSettings, Qt, QUrl, Slot
from PySide6.QtGui import QAccessible, QColor, QDesktopServices, QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QApplication,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QScrollBar,
    QToolButton,
    QWidget,
)
from seen import LONG, banners, pixels
from session_files import write_session

from expnet_live.app import settings, texts
from expnet_live.app.main_window.arrangement import share_room
from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.state.choices import Choices
from expnet_live.app.theme import DARK, LIGHT, Theme, font
from expnet_live.app.widgets.marker_sheets import Swatches
from expnet_live.app.widgets.sheets import Sheet
from expnet_live.capture.sources import open_spec
from expnet_live.capture.spec import SourceSpec
from expnet_live.core.arkit import N_BLENDSHAPES
from expnet_live.core.paths import data_folder
from expnet_live.core.types import Array
from expnet_live.sessions.format.folder import sessions_root

SHEETS = ("shortcuts", "about", "presets", "perform")
# What people without each kind of cone see of linear RGB (Machado, Oliveira, Fernandes 2009).
SEEN = {
    "usual": np.eye(3),
    "no red": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "no green": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "no blue": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}


def lab(color: str, seen: Any) -> Array:
    white = XYZ.sum(1)
    x, y, z = np.cbrt(XYZ @ np.clip(np.array(seen) @ linear(color), 0, 1) / white)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda t: t.name)
def test_words_and_signs_stand_out(theme: Theme) -> None:
    """By WCAG 2 AA: 4.5 for words, 3 for signs."""
    for back in (theme.window, theme.panel, theme.raised, theme.hover, theme.info, theme.warning, theme.error):
        assert contrast(theme.text, back) >= 7
        assert contrast(theme.muted, back) >= 4.5
    assert contrast(theme.on_accent, theme.accent) >= 4.5
    for back in (theme.window, theme.panel, theme.raised):
        assert contrast(theme.faint, back) >= 3 and contrast(theme.accent, back) >= 4.5
    assert all(contrast(color, theme.panel) >= 3 for color in theme.curves)


@pytest.mark.parametrize("seen", SEEN)
@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda t: t.name)
def test_nobody_takes_one_curve_for_another(theme: Theme, seen: str) -> None:
    """Two colours side by side differ at sight from about 5 on."""
    for one, other in combinations(theme.curves, 2):
        assert np.linalg.norm(lab(one, SEEN[seen]) - lab(other, SEEN[seen])) > 12, (one, other)


def name_of(widget: QWidget) -> str:
    """What a screen reader calls it: on Linux, a list is named by its title."""
    told = QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)
    return widget.accessibleName() if isinstance(widget, QComboBox) else str(told)


def operated(window: QWidget) -> list[QWidget]:
    kinds = (QAbstractButton, QAbstractSlider, QComboBox, QLineEdit)
    parts = [w for w in window.findChildren(QWidget) if isinstance(w, kinds) and w.isVisibleTo(window)]
    return [w for w in parts if not isinstance(w, QScrollBar) and not w.objectName().startswith("qt_")]


def test_all_that_can_be_operated_has_a_name(qtbot: Any, open_window: Callable[..., MainWindow]) -> None:
    window = open_window(SourceSpec.demo(), open_=open_spec)
    qtbot.waitUntil(window.parts.transport.isVisible, timeout=LONG)
    for name in ("outputs", "gestures"):
        window.actions_[name].trigger()
    window.parts.banners.show_banner("n", "warning", "Something happened.", "Mend it")
    parts = operated(window)
    assert len(parts) > 50 and not [w for w in parts if not name_of(w)]
    controls = window.parts.controls
    assert controls.device.accessibleName() == "Device" and controls.labels[controls.device].buddy() is controls.device


def look(widget: QWidget) -> Array:
    return pixels(
        widget.window().grab(QRect(widget.mapTo(widget.window(), widget.rect().topLeft()), widget.size())).toImage()
    )


@pytest.mark.parametrize("appearance", ["dark", "light"])
def test_what_has_the_keyboard_is_seen(qtbot: Any, open_window: Callable[..., MainWindow], appearance: str) -> None:
    """Each kind of part: a frame of at least its half circumference changes by much."""
    window = open_window(SourceSpec.demo(), open_=open_spec)
    window.set_appearance(appearance)
    parts = window.parts
    # A clip that is stopped before its first face has none.
    qtbot.waitUntil(lambda: parts.transport.isVisible() and window.presenter.first_face is not None, timeout=LONG)
    window.controller.sources.set_playing(False)
    parts.banners.show_banner("n", "warning", "Something happened.", "Mend it")
    window.actions_["outputs"].trigger()
    qtbot.waitUntil(parts.outputs.isVisible, timeout=LONG)
    primary = QPushButton("Main", window)
    primary.setObjectName("Primary")
    primary.show()
    stops = [
        parts.overlay,
        parts.controls.source,
        next(b for b in parts.controls.findChildren(QPushButton) if b.isEnabled()),
        *parts.transport.findChildren(QToolButton),
        *parts.transport.findChildren(QAbstractSlider),
        *(b for b in parts.banners.findChildren(QAbstractButton) if b.isVisible()),
        *parts.outputs.findChildren(QCheckBox)[:1],
        *parts.outputs.findChildren(QLineEdit)[:1],
        primary,
    ]
    for stop in stops:
        parts.head.native.setFocus()
        QApplication.processEvents()
        before = look(stop)
        stop.setFocus(Qt.FocusReason.TabFocusReason)
        QApplication.processEvents()
        changed = np.abs(look(stop) - before).max(axis=2) > 60
        assert stop.hasFocus() and changed.sum() >= 20, (type(stop).__name__, changed.sum())


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_holds_the_keyboard_and_fits_the_smallest_window(
    qtbot: Any, window: MainWindow, puppet: Puppet, name: str
) -> None:
    if name == "perform":
        puppet.blendshapes = np.zeros(N_BLENDSHAPES, np.float32)
        qtbot.waitUntil(lambda: window.controller.faces[0].rested is not None, timeout=LONG)
    window.resize(window.minimumSizeHint())
    window.actions_[name].trigger()
    (sheet,) = window.findChildren(Sheet)
    seen: list[QWidget | None] = []
    for _ in range(25):
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        at = window.focusWidget()
        assert at is not None and sheet.isAncestorOf(at)
        assert not at.visibleRegion().isEmpty()  # it scrolls to it
        seen.append(at)
    assert len(set(seen)) < 25  # and comes round
    for button in sheet.findChildren(QPushButton):
        if button.isVisible() and button.parentWidget() is not None:
            corners = (button.rect().topLeft(), button.rect().bottomRight())
            qtbot.waitUntil(
                lambda b=button, c=corners: all(sheet.rect().contains(b.mapTo(sheet, p)) for p in c), timeout=LONG
            )
    sheet.close()


def test_a_key_mirrors_each_of_several_faces(
    qtbot: Any, open_window: Callable[..., MainWindow], puppet: Puppet, store: QSettings
) -> None:
    puppet.faces = 3
    settings.save_choices(store, Choices(max_faces=3))
    window = open_window()
    faces = window.parts.camera
    qtbot.waitUntil(lambda: len(faces.faces) == 3 and window.actions_["next_face"].isEnabled(), timeout=LONG)
    first = faces.faces[0].state.face
    seen = []
    while first not in seen:
        before = faces.faces[0].state.face
        QTest.keyClick(window.parts.head.native, Qt.Key.Key_F)
        qtbot.waitUntil(lambda b=before: bool(faces.faces) and faces.faces[0].state.face != b, timeout=LONG)
        seen.append(faces.faces[0].state.face)
    assert len(set(seen)) == 3


def test_the_arrows_choose_the_colour_of_a_marker(qtbot: Any, window: MainWindow) -> None:
    window.actions_["presets"].trigger()
    (sheet,) = window.findChildren(Sheet)
    swatches = sheet.findChildren(Swatches)[1]
    while window.focusWidget() is not swatches:
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
    before = swatches.color
    QTest.keyClick(swatches, Qt.Key.Key_Right)
    assert swatches.color != before
    assert window.controller.choices.presets[1].color == swatches.color
    QTest.keyClick(swatches, Qt.Key.Key_Left)
    assert swatches.color == before
    sheet.close()


@pytest.mark.parametrize("size", [(891, 432), (640, 320)])
def test_all_of_the_sessions_window_is_reached_on_a_small_screen(
    qtbot: Any, window: MainWindow, size: tuple[int, int]
) -> None:
    """1366 x 768 at 150 % has room for the first without scrolling sideways."""
    write_session(sessions_root() / "a", 12)
    window.actions_["library"].trigger()
    sessions = window.commands.sessions
    assert sessions is not None
    sessions.resize(*size)
    controls = sessions.player.controls
    qtbot.waitUntil(lambda: sessions.player.replay is not None and controls.isVisible(), timeout=LONG)
    area = sessions.centralWidget()
    assert isinstance(area, QScrollArea) and (sessions.width(), sessions.height()) == size
    if size[0] > 800:
        qtbot.waitUntil(lambda: not area.horizontalScrollBar().maximum(), timeout=LONG)
    for part in (controls.export, controls.speed, sessions.side.search, sessions.side.notes):
        area.ensureWidgetVisible(part)
        qtbot.waitUntil(lambda p=part: p.visibleRegion().boundingRect() == p.rect(), timeout=LONG)
    sessions.shut_down()
    window.commands.sessions = None


def test_tab_and_names_in_the_sessions_window(qtbot: Any, window: MainWindow) -> None:
    write_session(sessions_root() / "a", 12)
    window.actions_["library"].trigger()
    sessions = window.commands.sessions
    assert sessions is not None
    qtbot.waitUntil(lambda: sessions.player.replay is not None, timeout=LONG)
    sessions.actions_["export"].trigger()
    qtbot.waitUntil(lambda: sessions.panel.form.session is not None, timeout=LONG)

    def own() -> list[QWidget]:
        return [w for w in operated(sessions) if type(w) is not QToolButton or w.objectName()]  # Qt's in the field

    qtbot.waitUntil(lambda: len(own()) > 25, timeout=LONG)  # the panel is laid out
    assert not [w for w in own() if not name_of(w)]
    with qtbot.waitActive(sessions, timeout=LONG):
        sessions.activateWindow()
    sessions.side.view.setFocus()
    seen: list[QWidget] = []
    while len(seen) < 50 and (len(seen) < 2 or seen[-1] is not seen[0]):
        QTest.keyClick(sessions.focusWidget(), Qt.Key.Key_Tab)
        seen.append(sessions.focusWidget())
        assert not seen[-1].visibleRegion().isEmpty() and not isinstance(seen[-1], QScrollArea)
    assert {sessions.player, sessions.player.controls.speed, sessions.panel.start, sessions.side.search} <= set(seen)
    sessions.side.view.setFocus()
    before = look(sessions.player)
    sessions.player.setFocus(Qt.FocusReason.TabFocusReason)
    QApplication.processEvents()
    assert (np.abs(look(sessions.player) - before).max(axis=2) > 60).sum() > sessions.player.width()


class Opened(QObject):
    """Takes the place of the system's file manager."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[QUrl] = []
        QDesktopServices.setUrlHandler("file", self, "open")

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.urls.append(url)


@pytest.fixture
def opened() -> Iterator[Opened]:
    yield Opened()
    QDesktopServices.unsetUrlHandler("file")


def test_folders_of_what_is_yet_to_come_are_opened(
    qtbot: Any, window: MainWindow, opened: Opened, tmp_path: Path
) -> None:
    """Before the first snapshot and the first recording, nothing happened at all."""
    window.commands.snapshot_folder = tmp_path / "pictures" / "ExpNet Live"
    for name, folder in (("data", window.commands.snapshot_folder), ("sessions", sessions_root())):
        assert not folder.exists()
        window.actions_[name].trigger()
        qtbot.waitUntil(lambda f=folder: opened.urls[-1:] == [QUrl.fromLocalFile(str(f))], timeout=LONG)
        assert folder.is_dir()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have other places")
def test_a_folder_of_recordings_to_come_is_for_nobody_else(
    qtbot: Any, window: MainWindow, opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EXPNET_LIVE_DATA")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    window.commands.open_folder(sessions_root())
    qtbot.waitUntil(lambda: opened.urls[-1:] == [QUrl.fromLocalFile(str(sessions_root()))], timeout=LONG)
    assert data_folder().is_relative_to(tmp_path) and data_folder().stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_made_is_told(qtbot: Any, window: MainWindow, opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    window.commands.snapshot_folder = tmp_path / "file" / "ExpNet Live"
    window.actions_["data"].trigger()
    qtbot.waitUntil(lambda: "cannot be opened" in banners(window).get("folder", ""), timeout=LONG)
    window.actions_["log"].trigger()  # these windows have none
    qtbot.waitUntil(lambda: "There is no log" in banners(window).get("folder", ""), timeout=LONG)
    assert not opened.urls


def test_choices_that_cannot_be_kept_are_told_once(
    qtbot: Any, open_window: Callable[..., MainWindow], store: QSettings, tmp_path: Path
) -> None:
    (tmp_path / "settings.ini").mkdir()  # a folder in the file's place cannot be written, not even by root
    window = open_window()
    window.actions_["wireframe"].trigger()
    qtbot.waitUntil(lambda: "settings" in banners(window), timeout=LONG)
    assert banners(window)["settings"] == texts.SETTINGS_UNSAVED.format(folder=tmp_path)
    window.parts.banners.dismiss("settings")
    window.actions_["wireframe"].trigger()
    qtbot.waitUntil(lambda: not settings.load_choices(store).wireframe, timeout=LONG)
    assert "settings" not in banners(window)


def test_a_size_is_chosen_in_the_menu(qtbot: Any, window: MainWindow) -> None:
    view = next(a.menu() for a in window.menuBar().actions() if a.text() == texts.MENU_VIEW)
    size = next(a.menu() for a in view.actions() if a.text() == texts.ZOOM)
    assert [a.text() for a in size.actions() if a.isChecked()] == ["100 %"]
    size.actions()[2].trigger()
    qtbot.waitUntil(lambda: banners(window).get("zoom") == texts.ZOOM_NEXT.format(zoom=150), timeout=LONG)
    assert window.controller.choices.zoom == 150 and [a.text() for a in size.actions() if a.isChecked()] == ["150 %"]


def test_all_controls_are_seen_on_a_common_laptop(qtbot: Any, window: MainWindow) -> None:
    """1366 x 768, less a title bar."""
    window.arrange()
    window.resize(1280, 735)
    share_room(window, window.parts.docks)
    controls, camera = window.parts.controls, window.parts.docks["camera"]
    (lists,) = controls.findChildren(QScrollArea)
    qtbot.waitUntil(lambda: lists.verticalScrollBar().maximum() == 0 < 250 < camera.height(), timeout=LONG)
    bars = window.parts.bars
    qtbot.waitUntil(lambda: bars.visibleRegion().boundingRect() == bars.rect(), timeout=LONG)


@pytest.mark.parametrize("height", [600, 768, 1080])
def test_set_neutral_is_seen_whole_in_every_window(qtbot: Any, window: MainWindow, height: int) -> None:
    """The lists above it scroll where they have no room, and leave none empty where they have more."""
    window.arrange()
    window.resize(1024, height)
    share_room(window, window.parts.docks)
    controls = window.parts.controls
    (lists,) = controls.findChildren(QScrollArea)
    buttons = [b for b in controls.findChildren(QPushButton) if b.text() in (texts.CALIBRATE, texts.UNCALIBRATE)]
    assert len(buttons) == 2
    for part in (*buttons, controls.neutral):
        qtbot.waitUntil(lambda part=part: part.visibleRegion().boundingRect() == part.rect(), timeout=LONG)
    last = controls.profile.mapTo(controls, controls.profile.rect().bottomLeft()).y()
    if not lists.verticalScrollBar().maximum():
        assert 0 < buttons[0].mapTo(controls, QPoint()).y() - last < 16


def test_numbers_that_change_keep_their_width(qapp: QApplication) -> None:
    metrics = QFontMetrics(font(qapp.font()))
    assert len({metrics.horizontalAdvance(4 * str(digit)) for digit in range(10)}) == 1


@pytest.mark.parametrize("appearance", ["dark", "light"])
def test_a_checked_box_has_a_tick(window: MainWindow, appearance: str) -> None:
    """Not its colour alone says so."""
    window.set_appearance(appearance)
    box = QCheckBox("On", window)
    box.move(40, 40)
    box.show()
    box.setChecked(True)
    tick, fill = (QColor(c) for c in (window.theme.on_accent, window.theme.accent))
    picture = box.grab().toImage()
    seen = [QColor(picture.pixel(x, y)) for x in range(16) for y in range(picture.height())]

    def near(color: QColor) -> int:
        return sum(max(abs(p - q) for p, q in zip(s.getRgb(), color.getRgb(), strict=True)) < 40 for s in seen)

    assert near(tick) >= 6 and near(fill) >= 60
    box.deleteLater()


def test_the_menus_show_which_colour_is_chosen(window: MainWindow) -> None:
    view = next(a.menu() for a in window.menuBar().actions() if a.text() == texts.MENU_VIEW)
    menu = next(a.menu() for a in view.actions() if a.text() == texts.HAIR_COLOR)

    def signs() -> dict[str, Array]:
        rows = menu.actions()
        seen = pixels(menu.grab().toImage())
        at = [menu.actionGeometry(row) for row in rows]
        return {row.data(): seen[r.top() : r.bottom(), : r.height()] for row, r in zip(rows, at, strict=True)}

    window.commands.choose(hair_color="brown")
    before = signs()
    window.commands.choose(hair_color="red")
    after = signs()
    assert {name for name in before if (np.abs(after[name] - before[name]) > 60).sum() > 30} == {"brown", "red"}
