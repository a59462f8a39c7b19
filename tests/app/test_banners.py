"""Banners in a real window: the head stays whole below them, and panels keep their sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from live_fakes import Puppet
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QLabel, QMessageBox, QToolButton, QWidget
from seen import LONG, banners, head

from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.widgets.banners import Banner
from expnet_live.app.widgets.sheets import Sheet

LONG_TEXT = "The camera was unplugged. The app tries again every second; the last picture stays. Plug it in again."


def place(widget: QWidget, window: QWidget) -> QRect:
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())


def seen_banners(window: MainWindow) -> list[str]:
    return [b.key for b in window.parts.banners.findChildren(Banner) if b.isVisible()]


def head_place(qtbot: Any, window: MainWindow, puppet: Puppet) -> QRect:
    """Where the head is in its view: its colours are warm, those of the backdrop cold."""
    picture = head(qtbot, window, puppet)
    rows, columns = np.nonzero(picture[..., 0] - picture[..., 2] > 12)
    return QRect(QPoint(int(columns.min()), int(rows.min())), QPoint(int(columns.max()), int(rows.max())))


def has_size(qtbot: Any, window: MainWindow, width: int, height: int) -> None:
    window.resize(width, height)
    qtbot.waitUntil(lambda: window.parts.status.geometry().bottom() == height - 1, timeout=LONG)


@pytest.mark.parametrize("size", [(900, 600), (1280, 800)])
def test_banners_leave_the_head_and_its_buttons_whole(
    qtbot: Any, window: MainWindow, puppet: Puppet, size: tuple[int, int]
) -> None:
    parts = window.parts
    has_size(qtbot, window, *size)
    panel = parts.docks["curves"].height()
    for n in range(4):
        parts.banners.show_banner(f"n{n}", "warning", LONG_TEXT)
        qtbot.waitUntil(lambda n=n: f"n{n}" in seen_banners(window), timeout=LONG)
        qtbot.waitUntil(lambda: parts.banners.geometry().bottom() < parts.head.y(), timeout=LONG)
        area, view = place(parts.central, window), place(parts.head, window)
        assert area.contains(view) and view.height() > 0.45 * area.height()
        assert area.bottom() < parts.docks["curves"].y() and parts.docks["curves"].height() == panel
        around = head_place(qtbot, window, puppet)
        assert parts.head.rect().adjusted(3, 3, -3, -3).contains(around), around
        assert around.height() > 0.7 * view.height()
        buttons = [b for b in parts.head.findChildren(QToolButton) if b.objectName() == "Float"]
        places = [place(b, parts.head) for b in buttons]
        assert all(parts.head.rect().contains(p) and not p.intersects(around) for p in places)
        assert not any(a.intersects(b) for i, a in enumerate(places) for b in places[:i])
    for n in range(4):
        parts.banners.dismiss(f"n{n}")
    qtbot.waitUntil(lambda: parts.head.y() < 10, timeout=LONG)
    assert parts.docks["curves"].height() == panel


def test_a_name_without_spaces_widens_nothing(qtbot: Any, window: MainWindow) -> None:
    """Files may have names of 255 letters; the lists at the left lost their arrows to a banner with one."""
    has_size(qtbot, window, 900, 600)
    parts, text = window.parts, f"{'a' * 200}.mp4 cannot be read."
    before = parts.docks["controls"].width(), parts.central.width()
    parts.banners.show_banner("long", "error", text)
    qtbot.waitUntil(lambda: "long" in seen_banners(window), timeout=LONG)
    qtbot.waitUntil(lambda: parts.banners.geometry().bottom() < parts.head.y(), timeout=LONG)
    assert (parts.docks["controls"].width(), parts.central.width()) == before
    (label,) = [label for label in parts.banners.findChildren(QLabel) if label.text() == text]
    assert label.heightForWidth(label.width()) <= label.height()


def test_the_oldest_banners_wait_until_there_is_room(qtbot: Any, window: MainWindow) -> None:
    has_size(qtbot, window, 900, 600)
    keys = [f"n{n}" for n in range(5)]
    for key in keys:
        window.parts.banners.show_banner(key, "info", LONG_TEXT)
    assert list(banners(window)) == keys
    shown = seen_banners(window)
    assert 1 <= len(shown) < 5 and shown == keys[-len(shown) :]
    window.parts.banners.dismiss("n4")
    assert seen_banners(window) == keys[-len(shown) - 1 : -1]
    window.resize(1280, 1000)
    qtbot.waitUntil(lambda: len(seen_banners(window)) == 4, timeout=LONG)


def test_what_looks_like_markup_is_shown_as_it_is(qtbot: Any, window: MainWindow) -> None:
    """Titles, names of files and of avatars are anybody's."""
    name = 'take <b>1</b> <img src="x.png">'
    window.parts.banners.show_banner("file", "error", f"{name} is damaged.")
    window.commands.dialogs.ask_sure(f"Delete {name}?", "Delete", lambda: None)
    (box,) = window.findChildren(QMessageBox)
    assert box.text() == f"Delete {name}?" and box.textFormat() is Qt.TextFormat.PlainText
    box.close()
    sheet = Sheet(window, name, QWidget())
    window.commands.show_sessions()
    sessions = window.commands.sessions
    labels = [label for owner in (window, sessions) if owner is not None for label in owner.findChildren(QLabel)]
    ours = [label for label in labels if not isinstance(label.window(), QMessageBox)]
    assert len(ours) > 40 and {name, f"{name} is damaged."} <= {label.text() for label in ours}
    # pyqtgraph's own, in a menu that is never shown
    assert {label.text() for label in ours if label.textFormat() is not Qt.TextFormat.PlainText} <= {"Opacity"}
    sheet.close()
