"""Sheets that edit markers: one marker of a session, and the markers of keys 1 to 9."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPaintEvent, QPen, QShortcut
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from expnet_live.app import texts
from expnet_live.app.state.marking import COLORS, Preset
from expnet_live.app.widgets.pieces import PlainLabel, title_of
from expnet_live.app.widgets.sheets import Sheet
from expnet_live.sessions.format.markers import Marker, plain

_SIZE, _STEP = 14, 21  # px: of a colour, and from one to the next
_LETTERS = 40  # most letters of a label


class Swatches(QWidget):
    """A row of colours to choose from, by mouse or arrow keys, the first of them none; emits `chosen` with #rrggbb or
    an empty text."""

    chosen = Signal(str)

    def __init__(self, color: str) -> None:
        super().__init__()
        self._colors = ["", *COLORS.values()]
        if color not in self._colors:
            self._colors.append(color)
        self.color = color
        self.setFixedSize(QSize(_STEP * len(self._colors), _STEP + 3))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolTip(texts.MARKER_COLOR)
        self.setAccessibleName(texts.MARKER_COLOR)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def choose(self, color: str) -> None:
        if color != self.color:
            self.color = color
            self.update()
            self.chosen.emit(color)

    def center(self, color: str) -> QPointF:
        return QPointF((self._colors.index(color) + 0.5) * _STEP, self.height() / 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        text = self.palette().text().color()
        if self.hasFocus():
            painter.setPen(QPen(self.palette().highlight().color(), 1.6))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.8, 0.8, -0.8, -0.8), 6, 6)
        for color in self._colors:
            middle = self.center(color)
            faint = QColor(text)
            faint.setAlpha(110)
            painter.setPen(Qt.PenStyle.NoPen if color else QPen(faint, 1.4))
            painter.setBrush(QColor(color) if color else Qt.BrushStyle.NoBrush)
            painter.drawEllipse(middle, _SIZE / 2, _SIZE / 2)
            if color == self.color:
                painter.setPen(QPen(text, 1.6))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(middle, _SIZE / 2 + 3, _SIZE / 2 + 3)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            at = self._colors.index(self.color) + step
            self.choose(self._colors[min(max(at, 0), len(self._colors) - 1)])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = int(event.position().x() // _STEP)
        if 0 <= at < len(self._colors):
            self.choose(self._colors[at])


def marker_sheet(parent: QWidget, marker: Marker, change: Callable[[Marker | None], None]) -> Sheet:
    """Name and colour of a marker; `change` gets each changed marker, or None when it is deleted."""
    now = marker

    def set_to(new: Marker) -> None:
        nonlocal now
        now = new
        change(new)

    content = QWidget()
    grid = QGridLayout(content)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(14)
    grid.setVerticalSpacing(12)
    name = _field(marker.label)
    name.selectAll()
    swatches = Swatches(marker.color)
    delete = QPushButton(texts.MARKER_DELETE)
    for row, (title, widget) in enumerate(
        ((texts.MARKER_NAME, name), (texts.MARKER_COLOR, swatches), (texts.MARKER_TIME, PlainLabel()))
    ):
        grid.addWidget(title_of(title, widget), row, 0)
        grid.addWidget(widget, row, 1)
        if isinstance(widget, QLabel):
            widget.setText(f"{texts.player_clock(marker.time)}   {texts.MARKER_DRAG}")
    grid.addWidget(delete, 3, 1, Qt.AlignmentFlag.AlignLeft)
    sheet = Sheet(parent, texts.MARKER, content)
    name.textEdited.connect(lambda text: set_to(Marker(now.time, plain(text) or marker.label, now.color)))
    swatches.chosen.connect(lambda color: set_to(Marker(now.time, now.label, color)))
    name.returnPressed.connect(sheet.close)

    def drop() -> None:
        sheet.close()
        change(None)

    delete.clicked.connect(drop)
    name.setFocus()
    return sheet


def preset_sheet(parent: QWidget, presets: Sequence[Preset], change: Callable[[tuple[Preset, ...]], None]) -> Sheet:
    """Names and colours of the markers of the keys; `change` gets all of them after each change."""
    now = list(presets)

    def set_to(i: int, preset: Preset) -> None:
        now[i] = preset
        change(tuple(now))

    content = QWidget()
    column = QVBoxLayout(content)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(7)
    for i, preset in enumerate(presets):
        row = QHBoxLayout()
        row.setSpacing(12)
        key, name, swatches = PlainLabel(str(i + 1)), _field(preset.label), Swatches(preset.color)
        key.setObjectName("Key")
        key.setFixedWidth(30)
        key.setAlignment(Qt.AlignmentFlag.AlignCenter)
        name.setPlaceholderText(texts.PRESET_NONE)
        name.textEdited.connect(lambda text, i=i: set_to(i, Preset(text.strip(), now[i].color)))
        swatches.chosen.connect(lambda color, i=i: set_to(i, Preset(now[i].label, color)))
        for widget in (key, name, swatches):
            row.addWidget(widget)
        column.addLayout(row)
    hint = PlainLabel(texts.PRESETS_HINT)
    hint.setObjectName("Muted")
    hint.setWordWrap(True)
    column.addSpacing(4)
    column.addWidget(hint)
    return Sheet(parent, texts.PRESETS, content)


def bind_presets(
    owner: QWidget,
    presets: Callable[[], Sequence[Preset]],
    mark: Callable[[Preset], object],
    context: Qt.ShortcutContext,
) -> None:
    """Let keys 1 to 9 of `owner` set the markers that the presets say at that time."""

    def pressed(i: int) -> None:
        if i < len(presets()) and presets()[i].label:
            mark(presets()[i])

    for i in range(9):
        key = QShortcut(QKeySequence(str(i + 1)), owner)
        key.setContext(context)
        key.setAutoRepeat(False)
        key.activated.connect(lambda i=i: pressed(i))


def _field(text: str) -> QLineEdit:
    field = QLineEdit(text)
    field.setMaxLength(_LETTERS)
    field.setMinimumWidth(200)
    field.setAccessibleName(texts.MARKER_NAME)
    return field
