"""Mouse movements with a button held down, which QTest does not send."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget


def press(widget: QWidget, at: QPoint) -> None:
    _send(widget, QEvent.Type.MouseButtonPress, at, Qt.MouseButton.LeftButton)


def pull(widget: QWidget, to: QPoint) -> None:
    """Move with the left button down."""
    _send(widget, QEvent.Type.MouseMove, to, Qt.MouseButton.NoButton)


def release(widget: QWidget, at: QPoint) -> None:
    _send(widget, QEvent.Type.MouseButtonRelease, at, Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton)


def _send(
    widget: QWidget,
    kind: QEvent.Type,
    at: QPoint,
    button: Qt.MouseButton,
    buttons: Qt.MouseButton = Qt.MouseButton.LeftButton,
) -> None:
    place, none = QPointF(at), Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(widget, QMouseEvent(kind, place, QPointF(widget.mapToGlobal(at)), button, buttons, none))
