"""The head in a window of its own, on a transparent or one-coloured ground, for OBS and other mixers."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QContextMenuEvent, QMouseEvent
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from expnet_live.app import texts
from expnet_live.app.state.choices import GROUNDS, TRANSPARENT
from expnet_live.app.view3d.orbit import Orbit
from expnet_live.app.widgets.head_view import HeadView
from expnet_live.app.widgets.pieces import resize_on_screen

_EDGE = 12  # px at the border that resize the window


class HeadWindow(QWidget):
    """Shows the view of `orbit`; dragging moves the window, its edges resize it. `chosen` gets the ground that is
    chosen in its menu; `closed` is emitted when the user closes it.
    """

    closed = Signal()

    def __init__(self, orbit: Orbit, ground: str, chosen: Callable[[str], None]) -> None:
        super().__init__(None, Qt.WindowType.Window | Qt.WindowType.FramelessWindowHint)
        self._chosen = chosen
        self.setWindowTitle(texts.HEAD_WINDOW_TITLE)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setMinimumSize(QSize(160, 160))
        resize_on_screen(self, 640, 640)
        self.setToolTip(texts.HEAD_WINDOW_HINT)
        self.view = HeadView(orbit=orbit)
        self.view.native.setToolTip(texts.HEAD_WINDOW_HINT)
        # The mouse moves the window; the main window's view turns the head.
        self.view.native.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.view.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setMouseTracking(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)
        self.on_top = QAction(texts.HEAD_ON_TOP, self, checkable=True)
        self.on_top.toggled.connect(self._stay_on_top)
        self._group = QActionGroup(self)
        for key in GROUNDS:
            action = QAction(texts.GROUNDS[key], self, checkable=True)
            action.setData(key)
            self._group.addAction(action)
        self._group.triggered.connect(lambda action: chosen(action.data()))
        self.set_ground(ground)

    @property
    def grounds(self) -> list[QAction]:
        return self._group.actions()

    def set_ground(self, ground: str) -> None:
        """transparent, or a colour as #rrggbb."""
        self.view.native.set_ground("" if ground == TRANSPARENT else ground)
        for action in self._group.actions():
            action.setChecked(action.data() == ground)

    def _stay_on_top(self, on: bool) -> None:
        self.setWindowFlag(Qt.WindowType.WindowStaysOnTopHint, on)
        self.show()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions(self._group.actions())
        menu.addSeparator()
        menu.addAction(self.on_top)
        menu.addAction(texts.CLOSE).triggered.connect(self.close)
        menu.popup(event.globalPos())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        handle = self.windowHandle()
        if event.button() == Qt.MouseButton.LeftButton and handle is not None:
            edges = self._edges(event.position().toPoint())
            handle.startSystemResize(edges) if edges else handle.startSystemMove()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        edges, e = self._edges(event.position().toPoint()), Qt.Edge
        shapes = {
            e.LeftEdge: Qt.CursorShape.SizeHorCursor,
            e.RightEdge: Qt.CursorShape.SizeHorCursor,
            e.TopEdge: Qt.CursorShape.SizeVerCursor,
            e.BottomEdge: Qt.CursorShape.SizeVerCursor,
            e.LeftEdge | e.TopEdge: Qt.CursorShape.SizeFDiagCursor,
            e.RightEdge | e.BottomEdge: Qt.CursorShape.SizeFDiagCursor,
            e.RightEdge | e.TopEdge: Qt.CursorShape.SizeBDiagCursor,
            e.LeftEdge | e.BottomEdge: Qt.CursorShape.SizeBDiagCursor,
        }
        self.setCursor(next((s for edge, s in shapes.items() if edge == edges), Qt.CursorShape.OpenHandCursor))

    def _edges(self, at: QPoint) -> Qt.Edge:
        edges = Qt.Edge(0)
        for edge, near in (
            (Qt.Edge.LeftEdge, at.x() < _EDGE),
            (Qt.Edge.RightEdge, at.x() >= self.width() - _EDGE),
            (Qt.Edge.TopEdge, at.y() < _EDGE),
            (Qt.Edge.BottomEdge, at.y() >= self.height() - _EDGE),
        ):
            if near:
                edges |= edge
        return edges

    def closeEvent(self, event: QCloseEvent) -> None:
        self.view.close_canvas()
        super().closeEvent(event)
        self.closed.emit()
