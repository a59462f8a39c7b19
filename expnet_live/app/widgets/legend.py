"""Names and colours of curves, in as many lines as they need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from expnet_live.app import texts
from expnet_live.app.theme import DARK, Theme

_LINE, _DOT = 19, 12  # px: height of a line, room for the dot
_GAPS = (16, 11, 7)  # px between two entries: the first with which all are whole, else the last
_FONT = 12  # px
_LEAST = 72  # px: width from which a shortened title still says something


@dataclass(frozen=True)
class Entry:
    """A curve: `color` is empty while it is not drawn."""

    name: str
    title: str
    color: str


class Legend(QWidget):
    """A click on an entry emits `toggled` with its name. Entries beyond the last line are counted; the tool tip
    names them, and one that is shortened.

    `room` reserves the width of that text beside each title, for the values.
    """

    toggled = Signal(str)

    def __init__(self, tip: str, room: str = "", lines: int = 2) -> None:
        super().__init__()
        self._room, self._lines = room, lines
        self._entries: tuple[Entry, ...] = ()
        self._values: Mapping[str, str] = {}
        self._theme = DARK
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMinimumWidth(60)
        font = self.font()
        font.setPixelSize(_FONT)
        self.setFont(font)
        self.setToolTip(tip)
        self.setAccessibleName(tip)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def set_entries(self, entries: Sequence[Entry]) -> None:
        if tuple(entries) != self._entries:
            self._entries = tuple(entries)
            self.updateGeometry()
            self.update()

    def set_values(self, values: Mapping[str, str]) -> None:
        """Texts beside the titles, by name."""
        self._values = values
        self.update()

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self._entries

    @property
    def hidden(self) -> tuple[Entry, ...]:
        """The entries for which there is no room."""
        return self._entries[len(self._places(self.width())) :]

    @property
    def cut(self) -> tuple[Entry, ...]:
        """The entries of which not all can be read."""
        places = self._places(self.width())
        short = [e for e, p in zip(self._entries, places, strict=False) if self._needs(e) > p.width()]
        return (*short, *self._entries[len(places) :])

    def sizeHint(self) -> QSize:
        return QSize(200, self.heightForWidth(max(self.width(), 60)))

    def minimumSizeHint(self) -> QSize:
        return QSize(60, _LINE)

    def heightForWidth(self, width: int) -> int:
        places = self._places(width)
        return round(max((p.bottom() for p in places), default=_LINE))

    def place(self, name: str) -> QRectF:
        """Where the entry of that name is. Raises StopIteration if there is no room for it."""
        places = self._places(self.width())
        return next(p for e, p in zip(self._entries, places, strict=False) if e.name == name)

    def _places(self, width: int) -> list[QRectF]:
        """Where each entry is, from the first one on, up to the last one that has room."""
        needs = [self._needs(entry) for entry in self._entries]
        for gap in _GAPS:
            places = self._placed(needs, width, gap)
            if len(places) == len(needs) and all(p.width() >= n for p, n in zip(places, needs, strict=True)):
                break
        return places

    def _placed(self, needs: Sequence[float], width: int, gap: int) -> list[QRectF]:
        places: list[QRectF] = []
        x = y = 0.0
        more = self._wide("+99") + gap
        for i, need in enumerate(needs):
            wide, last_one = min(need, float(width)), i + 1 == len(needs)
            last_line = y + _LINE >= self._lines * _LINE
            if x and x + wide > width and not last_line:
                x, y = 0.0, y + _LINE
                last_line = y + _LINE >= self._lines * _LINE
            room = width if last_one or not last_line else width - more
            if x and x + wide > room:
                if not last_one or width - x < _LEAST + self._value_room:
                    break
                wide = width - x  # the last one is shortened rather than counted
            places.append(QRectF(x, y, wide, _LINE))
            x += wide + gap
        return places

    def _needs(self, entry: Entry) -> float:
        return _DOT + self._wide(entry.title) + self._value_room

    @property
    def _value_room(self) -> float:
        return self._wide(self._room) + 6 if self._room else 0.0

    def _wide(self, text: str) -> float:
        return float(self.fontMetrics().horizontalAdvance(text))

    def paintEvent(self, event: QPaintEvent) -> None:
        t, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        places = self._places(self.width())
        middle = Qt.AlignmentFlag.AlignVCenter
        for entry, place in zip(self._entries, places, strict=False):
            painter.setPen(QColor(entry.color or t.muted))
            painter.setBrush(QColor(entry.color) if entry.color else Qt.BrushStyle.NoBrush)
            painter.drawEllipse(QPointF(place.left() + 4.5, place.center().y()), 3.5, 3.5)
            inner = place.adjusted(_DOT, 0, 0, 0)
            title = self.fontMetrics().elidedText(
                entry.title, Qt.TextElideMode.ElideRight, round(inner.width() - self._value_room) + 1
            )
            painter.setPen(QColor(t.text if entry.color else t.muted))
            painter.drawText(inner, middle, title)
            if self._room:
                painter.drawText(inner, middle | Qt.AlignmentFlag.AlignRight, self._values.get(entry.name, ""))
        if left := len(self._entries) - len(places):
            end = places[-1].right() + _GAPS[-1] if places else 0.0
            top = places[-1].top() if places else 0.0
            painter.setPen(QColor(t.muted))
            painter.drawText(QRectF(end, top, self.width() - end, _LINE), middle, f"+{left}")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            for entry, place in zip(self._entries, self._places(self.width()), strict=False):
                if place.contains(event.position()):
                    self.toggled.emit(entry.name)
                    return

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self.cut:
            rest = texts.LEGEND_MORE.format(titles=", ".join(e.title for e in self.cut))
            QToolTip.showText(event.globalPos(), f"{self.toolTip()}\n{rest}", self)
            return True
        return super().event(event)
