"""Sheets laid over the window: the shortcuts, and what this program is. Escape or a click beside closes them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from expnet_live.app import texts


class Sheet(QWidget):
    """Covers its parent with a veil and shows a card in the middle. It goes when it is closed."""

    def __init__(self, parent: QWidget, title: str, content: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("Veil")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._card = QWidget()
        self._card.setObjectName("Sheet")
        self._card.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(self._card)
        column.setContentsMargins(28, 24, 28, 22)
        column.setSpacing(14)
        heading = QLabel(title)
        heading.setObjectName("Big")
        column.addWidget(heading)
        column.addWidget(content)
        close = QPushButton(texts.CLOSE)
        close.setToolTip(texts.CLOSE_SHEET_TIP)
        close.clicked.connect(self.close)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        outer = QVBoxLayout(self)
        outer.addWidget(self._card, 0, Qt.AlignmentFlag.AlignCenter)
        parent.installEventFilter(self)
        self.setGeometry(parent.rect())
        self.show()
        self.raise_()
        close.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QResizeEvent) and watched is self.parent():
            self.setGeometry(0, 0, *event.size().toTuple())
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_F1):
            self.close()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self._card.geometry().contains(event.position().toPoint()):
            self.close()


def shortcuts_sheet(parent: QWidget, actions: Sequence[QAction]) -> Sheet:
    """All actions that have a shortcut, in two columns."""
    content = QWidget()
    grid = QGridLayout(content)
    grid.setHorizontalSpacing(14)
    grid.setVerticalSpacing(9)
    listed = [a for a in actions if not a.shortcut().isEmpty()]
    half = (len(listed) + 1) // 2
    for i, action in enumerate(listed):
        key = QLabel(action.shortcut().toString(QKeySequence.SequenceFormat.NativeText))
        key.setObjectName("Key")
        key.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = 3 * (i // half)
        grid.addWidget(key, i % half, column)
        grid.addWidget(QLabel(action.text().replace("&", "").rstrip("…")), i % half, column + 1)
    grid.setColumnMinimumWidth(2, 24)
    hint = QLabel(texts.HEAD_HINT + ".")
    hint.setObjectName("Muted")
    grid.addWidget(hint, half, 0, 1, 5)
    return Sheet(parent, texts.SHORTCUTS, content)


def about_sheet(parent: QWidget, version: str) -> Sheet:
    content = QLabel(texts.ABOUT_TEXT.format(version=version))
    content.setWordWrap(True)
    content.setFixedWidth(520)
    content.setTextFormat(Qt.TextFormat.RichText)
    return Sheet(parent, texts.APP, content)
