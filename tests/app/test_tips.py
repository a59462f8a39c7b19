"""Tool tips and lists with names that are long or look like markup: they are shown whole, and as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent, QTextDocumentFragment
from PySide6.QtWidgets import QToolTip, QWidget
from seen import pixels
from session_files import write_session

from expnet_live.app.player.time_line import TimeLine
from expnet_live.app.sessions_window.model import SessionModel
from expnet_live.app.state.catalog import Option
from expnet_live.app.widgets.controls import Chooser
from expnet_live.app.widgets.pieces import as_shown
from expnet_live.sessions.catalog.catalog import Library, rename, set_notes
from expnet_live.sessions.format.markers import Marker

LONG_NAME = "take <b>1</b> & a name that is much longer than any list in the window has room for"


@pytest.mark.parametrize("text", ["plain", "a\nb  & c", "1 < 2", LONG_NAME, "<img src='/x.png'>\nx", "&amp; <i>"])
def test_a_tip_shows_its_text(qapp: Any, text: str) -> None:
    shown = as_shown(text)
    if shown != text:
        shown = QTextDocumentFragment.fromHtml(shown).toPlainText()
    assert shown.split() == text.split() and shown.count("\n") == text.count("\n")


def tip_of(widget: QWidget, at: QPoint) -> str:
    """What pointing there shows, as plain text."""
    QToolTip.hideText()
    event = QHelpEvent(QEvent.Type.ToolTip, at, widget.mapToGlobal(at))
    assert widget.event(event)
    text = QToolTip.text()
    return QTextDocumentFragment.fromHtml(text).toPlainText() if text.startswith("<p>") else text


def test_the_tip_of_a_session_has_its_whole_title_and_notes(qapp: Any, tmp_path: Path) -> None:
    folder = tmp_path / "sessions" / "one"
    write_session(folder, 3)
    rename(folder, LONG_NAME)
    set_notes(folder, "with <i>notes</i>")
    model = SessionModel()
    model.set_entries(Library(folder.parent).entries(()))
    tip = QTextDocumentFragment.fromHtml(model.index(0).data(Qt.ItemDataRole.ToolTipRole)).toPlainText()
    assert tip.splitlines()[0] == LONG_NAME and "with <i>notes</i>" in tip


def test_a_marker_on_the_time_line_is_shown_as_it_is(qtbot: Any) -> None:
    line = TimeLine()
    qtbot.addWidget(line)
    line.resize(400, 30)
    line.set_session(0.0, 10.0, [Marker(5.0, LONG_NAME)])
    line.show()
    assert LONG_NAME in tip_of(line, QPointF(line.x_of(5.0), 10).toPoint())
    QToolTip.hideText()


def test_a_long_name_in_a_list_ends_in_dots_and_can_be_read(qtbot: Any) -> None:
    chooser = Chooser("Who sits there", lambda value: None)
    qtbot.addWidget(chooser)
    chooser.set_options([Option(1, LONG_NAME), Option(2, "Ann")], 1)
    chooser.setFixedWidth(150)
    chooser.show()
    assert tip_of(chooser, QPoint(9, 9)) == f"{LONG_NAME}\nWho sits there"
    long = pixels(chooser.grab().toImage())
    chooser.showPopup()
    view = chooser.view()
    wide = view.fontMetrics().horizontalAdvance(LONG_NAME)
    assert view.viewport().width() >= min(wide, 600)
    chooser.hidePopup()
    chooser.set_options([Option(1, LONG_NAME + " and more"), Option(2, "Ann")], 1)
    # Only what is beyond the dots differs.
    assert (pixels(chooser.grab().toImage()) == long).all()
    chooser.set_options([Option(1, LONG_NAME), Option(2, "Ann")], 2)
    assert tip_of(chooser, QPoint(9, 9)) == "Who sits there"
    QToolTip.hideText()
