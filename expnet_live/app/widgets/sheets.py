"""Sheets over the window: keyboard shortcuts and About. Escape or a click outside closes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QCloseEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractSlider,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from expnet_live.app import texts
from expnet_live.app.widgets.actions import ActionSpec
from expnet_live.app.widgets.pieces import PlainLabel, Scrolling, as_shown, shortened

_MOST_ROWS = 13  # of keys, for which a window of 600 px has room
_PAGES: dict[int, QAbstractSlider.SliderAction] = {
    Qt.Key.Key_PageUp: QAbstractSlider.SliderAction.SliderPageStepSub,
    Qt.Key.Key_PageDown: QAbstractSlider.SliderAction.SliderPageStepAdd,
}


class _Content(Scrolling):
    """As large as its content, and scrolling where the sheet has no room for that."""

    def __init__(self, content: QWidget) -> None:
        super().__init__(content)
        self.verticalScrollBar().rangeChanged.connect(lambda *_: self.updateGeometry())  # the content has grown

    def sizeHint(self) -> QSize:
        content = self._content
        size = content.sizeHint()
        return size if not content.hasHeightForWidth() else QSize(size.width(), content.heightForWidth(size.width()))


class Sheet(QWidget):
    """Dims its parent and shows a card in the middle, in which Tab stays. It is deleted when closed; the keyboard is
    then where it was."""

    def __init__(self, parent: QWidget, title: str, content: QWidget, close_text: str = texts.CLOSE) -> None:
        super().__init__(parent)
        self._before = parent.window().focusWidget()
        self.setObjectName("Veil")
        self.setAccessibleName(title)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._card = QWidget()
        self._card.setObjectName("Sheet")
        self._card.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(self._card)
        column.setContentsMargins(28, 24, 28, 22)
        column.setSpacing(14)
        heading = PlainLabel(shortened(title))
        heading.setToolTip(as_shown(title))
        heading.setObjectName("Big")
        column.addWidget(heading)
        self._scrolling = _Content(content)
        column.addWidget(self._scrolling)
        close = QPushButton(close_text)
        close.setToolTip(texts.CLOSE_SHEET_TIP)
        close.clicked.connect(self.close)
        self._buttons = QHBoxLayout()
        self._buttons.addStretch(1)
        self._buttons.addWidget(close)
        column.addLayout(self._buttons)
        outer = QVBoxLayout(self)
        outer.addWidget(self._card, 0, Qt.AlignmentFlag.AlignCenter)
        parent.installEventFilter(self)
        self.setGeometry(parent.rect())
        self.show()
        self.raise_()
        close.setFocus()

    def offer(self, text: str, act: Callable[[], None]) -> QPushButton:
        """Put a main button beside the one that closes; it closes the sheet and calls `act`."""
        button = QPushButton(text)
        button.setObjectName("Primary")

        def accept() -> None:
            self.close()
            act()

        button.clicked.connect(accept)
        self._buttons.addWidget(button)
        button.setFocus()
        return button

    def closeEvent(self, event: QCloseEvent) -> None:
        """Give the keyboard back: Qt would give it to any widget, such as the first list of the window."""
        if self._before is not None and isValid(self._before) and self._before.isVisible():
            self._before.setFocus()
        super().closeEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QResizeEvent) and watched is self.parent():
            self.setGeometry(0, 0, *event.size().toTuple())
        return False

    def focusNextPrevChild(self, forwards: bool) -> bool:
        # Not by nextInFocusChain: PySide takes what it returns for a child, and forgets it when the sheet is deleted.
        tab = Qt.FocusPolicy.TabFocus
        stops = [w for w in self.findChildren(QWidget) if w.focusPolicy() & tab and w.isEnabled() and w.isVisible()]
        at = self.window().focusWidget()
        if not stops:
            return False
        to = stops[(stops.index(at) + (1 if forwards else -1)) % len(stops)] if at in stops else stops[0]
        to.setFocus(Qt.FocusReason.TabFocusReason if forwards else Qt.FocusReason.BacktabFocusReason)
        self._scrolling.ensureWidgetVisible(to)
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        button = self.window().focusWidget()
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_F1):
            self.close()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(button, QPushButton):
            button.click()
        elif event.key() in _PAGES:
            self._scrolling.verticalScrollBar().triggerAction(_PAGES[event.key()])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self._card.geometry().contains(event.position().toPoint()):
            self.close()


class Sheets:
    """The sheet over a window, one at a time: asking for another one closes it."""

    def __init__(self, parent: QWidget) -> None:
        self._parent = parent

    def show(self, make: Callable[[], Sheet]) -> None:
        open_ = [sheet for sheet in self._parent.findChildren(Sheet) if not sheet.isHidden()]
        for sheet in open_:
            sheet.close()
        if not open_:
            make()


def shortcuts_sheet(parent: QWidget, table: Sequence[ActionSpec[Any]], *hints: str) -> Sheet:
    """All actions that have keys, in as many columns as the smallest window needs, above the hints."""
    content = QWidget()
    grid = QGridLayout(content)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(7)
    listed = [spec for spec in table if spec.keys]
    columns = max(2, -(-len(listed) // _MOST_ROWS))
    rows = -(-len(listed) // columns)
    for i, spec in enumerate(listed):
        key = PlainLabel(spec.shortcut)
        key.setObjectName("Key")
        key.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = 3 * (i // rows)
        grid.addWidget(key, i % rows, column)
        grid.addWidget(PlainLabel(spec.title), i % rows, column + 1)
    for gap in range(columns - 1):
        grid.setColumnMinimumWidth(3 * gap + 2, 16)
    below = PlainLabel("\n".join(f"{hint}." for hint in hints))
    below.setObjectName("Muted")
    grid.setRowMinimumHeight(rows, 8)
    grid.addWidget(below, rows + 1, 0, 1, 3 * columns - 1)
    return Sheet(parent, texts.SHORTCUTS, content)


def about_sheet(parent: QWidget, version: str) -> Sheet:
    content = QLabel(texts.ABOUT_TEXT.format(version=version))
    content.setWordWrap(True)
    content.setFixedWidth(520)
    content.setTextFormat(Qt.TextFormat.RichText)
    return Sheet(parent, texts.APP, content)
