"""The panel of choices: source, network, smoothing and person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QAction, QHelpEvent, QPainter, QPaintEvent, QPixmap, QStandardItemModel, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionComboBox,
    QStylePainter,
    QToolButton,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from expnet_live.app import icons, texts
from expnet_live.app.state.catalog import Option
from expnet_live.app.theme import Theme
from expnet_live.app.widgets.pieces import PlainLabel, Scrolled, as_shown, title_of

_LIST_MARGIN, _WIDEST = 16, 640  # pixels beside the names of an open list, and its largest width
_ARROW = 42  # pixels beside the name in a closed one


class Chooser(QComboBox):
    """A list of options that calls back when the user, not the program, chooses."""

    def __init__(self, tip: str, chosen: Callable[[object], None]) -> None:
        super().__init__()
        self.setToolTip(tip)
        self.setAccessibleName(tip)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        # Style sheets apply to no other delegate: unavailable entries would not be grey.
        self.setItemDelegate(QStyledItemDelegate(self))
        self._options: tuple[Option, ...] = ()
        self._arrow: QPixmap | None = None
        self.activated.connect(lambda i: chosen(self._options[i].value))

    def set_options(self, options: Sequence[Option], current: object) -> None:
        if tuple(options) != self._options:
            self._options = tuple(options)
            self.clear()
            for i, option in enumerate(options):
                self.addItem(option.text)
                model = self.model()
                if option.why_not is not None and isinstance(model, QStandardItemModel):
                    model.item(i).setEnabled(False)
                    self.setItemData(i, as_shown(option.why_not), Qt.ItemDataRole.ToolTipRole)
        values = [o.value for o in self._options]
        self.setCurrentIndex(values.index(current) if current in values else -1)

    def showPopup(self) -> None:
        # The list is as wide as its longest name, which the box may show in part.
        self.view().setMinimumWidth(min(self.view().sizeHintForColumn(0) + _LIST_MARGIN, _WIDEST))
        super().showPopup()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            text, tip = self.currentText(), self.toolTip()
            tip = tip if self._in_room(text) == text else as_shown(f"{text}\n{tip}")
            QToolTip.showText(event.globalPos(), tip, self)
            return True
        return super().event(event)

    def set_theme(self, theme: Theme) -> None:
        self._arrow = icons.pixmap("chevron", theme.muted, 16)
        self.update()

    def _in_room(self, text: str) -> str:
        return self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, self.width() - _ARROW)

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        option.currentText = self._in_room(option.currentText)  # Qt cuts a long name off amid a letter
        styled = QStylePainter(self)
        styled.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        if self.property("small"):  # beside its arrow
            spare = self.width() - _ARROW - self.fontMetrics().horizontalAdvance(option.currentText)
            option.rect.adjust(max(spare, 0), 0, 0, 0)
        styled.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        styled.end()
        if self._arrow is not None:
            # A style sheet can draw arrows only from files.
            painter = QPainter(self)
            painter.drawPixmap(self.width() - 24, (self.height() - 16) // 2, self._arrow)
            painter.end()

    def wheelEvent(self, event: QWheelEvent) -> None:
        # Scrolling the panel with the wheel must not change the model.
        event.ignore()


@dataclass(frozen=True)
class ControlCallbacks:
    source: Callable[[object], None]
    resolution: Callable[[object], None]
    model: Callable[[object], None]
    device: Callable[[object], None]
    smoothing: Callable[[object], None]
    faces: Callable[[object], None]
    head: Callable[[object], None]
    profile: Callable[[object], None]


class Controls(QWidget):
    """Arranges the lists, which scroll in a low window, and the buttons; the window gives them their meaning."""

    def __init__(self, on: ControlCallbacks, refresh: QAction, calibrate: QAction, forget: QAction) -> None:
        super().__init__()
        lists = QWidget()
        self.source = Chooser(texts.SOURCE_TIP, on.source)
        self.resolution = Chooser(texts.RESOLUTION_TIP, on.resolution)
        self.model = Chooser(texts.MODEL_TIP, on.model)
        self.device = Chooser(texts.DEVICE_TIP, on.device)
        self.smoothing = Chooser(texts.SMOOTHING_TIP, on.smoothing)
        self.profile = Chooser(texts.PROFILE_TIP, on.profile)
        self.faces = Chooser(texts.FACES_TIP, on.faces)
        self.head = Chooser(texts.HEAD_TIP, on.head)
        grid = QGridLayout(lists)
        grid.setContentsMargins(0, 0, 4, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(7)
        grid.setColumnStretch(1, 1)
        again = QToolButton()
        again.setObjectName("Flat")
        again.setDefaultAction(refresh)
        rows = {
            texts.SOURCE: self.source,
            texts.RESOLUTION: self.resolution,
            texts.MODEL: self.model,
            texts.DEVICE: self.device,
            texts.SMOOTHING: self.smoothing,
            texts.FACES: self.faces,
            texts.HEAD: self.head,
            texts.PROFILE: self.profile,
        }
        self.labels: dict[QWidget, QLabel] = {}
        for i, (title, chooser) in enumerate(rows.items()):
            label = self.labels[chooser] = title_of(title, chooser)
            grid.addWidget(label, i, 0)
            grid.addWidget(_beside(chooser, again) if chooser is self.source else chooser, i, 1)
        self._calibrate = _action_button(calibrate)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(4)
        self.progress.setRange(0, 100)
        self.progress.hide()
        self.neutral = PlainLabel()
        self.neutral.setWordWrap(True)
        self.neutral.setObjectName("Muted")
        self.neutral.setToolTip(texts.AUTO_NEUTRAL_TIP)
        below = QVBoxLayout()
        below.setContentsMargins(0, 0, 4, 0)
        for part in (_beside(self._calibrate, _action_button(forget)), self.progress, self.neutral):
            below.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(7)
        column.addWidget(_AsTall(lists))
        column.addLayout(below)
        column.addStretch(1)

    def set_theme(self, theme: Theme) -> None:
        for chooser in self.findChildren(Chooser):
            chooser.set_theme(theme)

    def show_resolution(self, shown: bool) -> None:
        self.resolution.setVisible(shown)
        self.labels[self.resolution].setVisible(shown)

    def lock(self, locked: bool) -> None:
        """Lock the choices of the network."""
        tips = (texts.MODEL_TIP, texts.DEVICE_TIP, texts.SMOOTHING_TIP, texts.FACES_TIP)
        for chooser, tip in zip((self.model, self.device, self.smoothing, self.faces), tips, strict=True):
            chooser.setEnabled(not locked)
            chooser.setToolTip(texts.NOT_WHILE_RECORDING if locked else tip)

    def set_calibrating(self, progress: float | None) -> None:
        self.progress.setVisible(progress is not None)
        self.progress.setValue(round(100 * (progress or 0)))


class _AsTall(Scrolled):
    """As tall as its content where there is room."""

    def __init__(self, content: QWidget) -> None:
        super().__init__(content)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def sizeHint(self) -> QSize:
        return self._content.sizeHint()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:  # a list was shown or hidden
            self.updateGeometry()
        return super().eventFilter(watched, event)


def _action_button(action: QAction) -> QPushButton:
    button = QPushButton(action.text())
    button.setToolTip(action.toolTip())
    button.clicked.connect(action.trigger)

    def follow() -> None:
        button.setText(action.text())
        button.setEnabled(action.isEnabled())

    action.changed.connect(follow)
    return button


def _beside(first: QWidget, second: QWidget) -> QWidget:
    out = QWidget()
    row = QHBoxLayout(out)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    row.addWidget(first, 1)
    row.addWidget(second)
    out.setToolTip(first.toolTip())
    return out
