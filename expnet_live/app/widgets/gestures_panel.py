"""The panel of gestures: which happen now, which are watched for, and what they set off."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLineEdit, QPushButton, QSizePolicy, QToolButton, QWidget

from expnet_live.app import icons, texts
from expnet_live.app.state.gesturing import GestureChoice, choice_of
from expnet_live.app.theme import DARK, Theme
from expnet_live.app.widgets.pieces import as_shown, check_quietly
from expnet_live.gestures.rule import Rule

_SHOWN = 1.5  # a meter's end, in multiples of what a gesture takes
_NAME = 84  # pixels of a name that the panel has room for
_FLASH = 24  # ticks for which a gesture that fired stays lit


@dataclass(frozen=True)
class GestureCallbacks:
    choose: Callable[[GestureChoice], None]
    act: Callable[[bool], None]
    add: Callable[[], None]
    delete: Callable[[str], None]


class GesturesPanel(QWidget):
    """A row for each gesture. `set_rules`, `set_choices` and `set_scores` call nothing back."""

    def __init__(self, on: GestureCallbacks) -> None:
        super().__init__()
        self._on, self._theme = on, DARK
        self._rules: tuple[Rule, ...] = ()
        self._own: frozenset[str] = frozenset()
        self.rows: dict[str, GestureRow] = {}
        self.acts = QCheckBox(texts.GESTURES_ACT)
        self.acts.setToolTip(texts.GESTURES_ACT_TIP)
        self.acts.toggled.connect(on.act)
        self.add = QPushButton(texts.GESTURE_ADD)
        self.add.setToolTip(texts.GESTURE_ADD_TIP)
        self.add.clicked.connect(lambda _: on.add())
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 4, 0)
        self._grid.setHorizontalSpacing(5)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(1, 1)
        self._fill()

    def set_rules(self, rules: Sequence[Rule], own: Collection[str]) -> None:
        if [r.name for r in rules] != [r.name for r in self._rules]:
            self._rules, self._own = tuple(rules), frozenset(own)
            self._fill()

    def set_choices(self, choices: Sequence[GestureChoice], acts: bool) -> None:
        check_quietly(self.acts, acts)
        for name, row in self.rows.items():
            row.show_choice(choice_of(choices, name))

    def set_scores(self, scores: Mapping[str, float], lasting: Collection[str], fired: Collection[str]) -> None:
        for name, row in self.rows.items():
            row.meter.show_score(scores.get(name, 0.0), name in lasting, name in fired)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for row in self.rows.values():
            row.set_theme(theme)

    def _fill(self) -> None:
        for row in self.rows.values():
            for widget in row.widgets:
                self._grid.removeWidget(widget)
                widget.deleteLater()
        self._grid.removeWidget(self.add)
        self._grid.addWidget(self.acts, 0, 0, 1, 5)
        self._grid.setRowMinimumHeight(0, 30)
        self.rows = {}
        for i, rule in enumerate(self._rules, start=1):
            row = self.rows[rule.name] = GestureRow(rule, self._on, rule.name in self._own)
            row.set_theme(self._theme)
            for column, widget in enumerate(row.widgets):
                self._grid.addWidget(widget, i, column)
        last = len(self._rules) + 1
        self._grid.addWidget(self.add, last, 0, 1, 5, Qt.AlignmentFlag.AlignLeft)
        for i in range(self._grid.rowCount()):
            self._grid.setRowStretch(i, 0)
        self._grid.setRowStretch(last + 1, 1)


class GestureRow:
    """The widgets of one gesture: its switch with its name, meter, marker, key, and a button that deletes one's own."""

    def __init__(self, rule: Rule, on: GestureCallbacks, own: bool) -> None:
        self.choice = GestureChoice(rule.name)
        self.switch = QCheckBox()
        name = rule.name[:1].upper() + rule.name[1:]
        shown = self.switch.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, _NAME)
        self.switch.setText(shown.replace("&", "&&"))  # one would underline the next letter
        self.switch.setAccessibleName(name)
        tip = texts.GESTURE_ON_TIP.format(about=rule.about[:1].upper() + rule.about[1:])
        self.switch.setToolTip(as_shown(f"{rule.name}\n{tip}" if shown != name else tip))
        self.meter = Meter()
        self.mark = _button(rule.name, texts.GESTURE_MARK_TIP)
        self.mark.setCheckable(True)
        self.delete: QToolButton | None = None
        self.key = QLineEdit()
        self.key.setPlaceholderText(texts.GESTURE_KEY)
        self.key.setToolTip(texts.GESTURE_KEY_TIP)
        self.key.setAccessibleName(f"{rule.name}: {texts.GESTURE_KEY}")
        self.key.setFixedWidth(58)
        self.key.setStyleSheet("padding: 1px 6px; min-height: 16px;")
        self.widgets: list[QWidget] = [self.switch, self.meter, self.mark, self.key]
        if own:
            self.delete = _button(rule.name, texts.GESTURE_DELETE)
            self.delete.clicked.connect(lambda _: on.delete(rule.name))
            self.widgets.append(self.delete)
        self.switch.toggled.connect(lambda checked: on.choose(replace(self.choice, on=checked)))
        self.mark.toggled.connect(lambda checked: on.choose(replace(self.choice, mark=checked)))
        self.key.editingFinished.connect(lambda: self._typed(on))

    def show_choice(self, choice: GestureChoice) -> None:
        self.choice = choice
        check_quietly(self.switch, choice.on)
        check_quietly(self.mark, choice.mark)
        if not self.key.hasFocus():
            self.key.setText(choice.key)
        self.meter.setEnabled(choice.on)

    def set_theme(self, theme: Theme) -> None:
        self.mark.setIcon(icons.icon("marker", theme.muted, checked=theme.accent))
        if self.delete is not None:
            self.delete.setIcon(icons.icon("close", theme.muted))
        self.meter.set_theme(theme)

    def _typed(self, on: GestureCallbacks) -> None:
        key = self.key.text().strip()
        if key != self.choice.key:
            on.choose(replace(self.choice, key=key))


def _button(name: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setObjectName("Flat")
    button.setToolTip(tip)
    button.setAccessibleName(f"{name}: {tip}")
    button.setIconSize(QSize(16, 16))
    return button


class Meter(QWidget):
    """How near a gesture is, with a line where it begins; it is lit while the gesture lasts."""

    def __init__(self) -> None:
        super().__init__()
        self._theme, self._score, self._lit = DARK, 0.0, 0
        self.setMinimumWidth(36)
        self.setFixedHeight(12)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def lit(self) -> bool:
        return self._lit > 0

    def show_score(self, score: float, lasts: bool, fired: bool) -> None:
        lit = _FLASH if lasts or fired else max(self._lit - 1, 0)
        if abs(score - self._score) > 0.005 or bool(lit) != self.lit:
            self.update()
        self._score, self._lit = score, lit

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        t, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        bar = QRectF(0, 2, self.width(), 8)
        painter.setBrush(QColor(t.accent if self.lit else t.raised))
        painter.drawRoundedRect(bar, 4, 4)
        share = min(max(self._score, 0.0) / _SHOWN, 1.0) if self.isEnabled() else 0.0
        if share > 0.03 and not self.lit:
            painter.setBrush(QColor(t.faint))
            painter.drawRoundedRect(QRectF(0, 2, max(share * self.width(), 8), 8), 4, 4)
        painter.setBrush(QColor(t.on_accent if self.lit else t.muted))
        painter.drawRect(QRectF(self.width() / _SHOWN - 0.5, 2, 1, 8))
