"""The window in which the curves of an avatar are drawn, each over the live face."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent, QFont
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QListWidget,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from expnet_live.app import texts
from expnet_live.app.state import catalog
from expnet_live.app.state.current_person import Change
from expnet_live.app.state.window_state import WindowState
from expnet_live.app.theme import Theme
from expnet_live.app.widgets.controls import Chooser
from expnet_live.app.widgets.curve_canvas import CurveCanvas
from expnet_live.app.widgets.pieces import PlainLabel, resize_on_screen, title_of
from expnet_live.core.arkit import ARKIT, INDEX
from expnet_live.person.curve import Curve, Curves
from expnet_live.person.person import Person

_TICK = 33  # ms
_DEAD, _GAIN = 60, 300  # per cent at the ends of the sliders


class AvatarEditor(QWidget):
    """`bend` gets the curves while they are dragged, `change` changes the profile, `ask_name` asks for a name, as
    Dialogs does.
    """

    def __init__(
        self,
        parent: QWidget,
        state: WindowState,
        theme: Theme,
        bend: Callable[[Curves], None],
        change: Callable[[Change], None],
        ask_name: Callable[[str, str, str, Callable[[str], None]], None],
    ) -> None:
        super().__init__(parent, Qt.WindowType.Tool)
        self._state, self._bend, self._change, self._ask_name = state, bend, change, ask_name
        self._person: Person | None = None
        self.setObjectName("Editor")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle(texts.AVATARS)
        self.avatar = Chooser(texts.AVATAR_TIP, self._choose)
        self.delete = QPushButton(texts.DELETE_IT)
        self.channels = QListWidget()
        self.canvas = CurveCanvas()
        self.title, self.hint = PlainLabel(), PlainLabel(texts.CURVE_HINT)
        self.both = QCheckBox(texts.CURVE_BOTH)
        self.reset = QPushButton(texts.CURVE_RESET)
        self.dead, self.gain = _slider(texts.CURVE_DEAD, _DEAD), _slider(texts.CURVE_GAIN, _GAIN)
        self.dead_text, self.gain_text = PlainLabel(), PlainLabel()
        self._arrange()
        self.canvas.changed.connect(self._drawn)
        self.canvas.finished.connect(lambda curve: self._keep())
        self.delete.clicked.connect(self._delete)
        self.reset.clicked.connect(lambda: self._set(Curve(), keep=True))
        self.channels.currentRowChanged.connect(lambda row: self._show_channel())
        for slider in (self.dead, self.gain):
            slider.valueChanged.connect(self._slid)
            slider.sliderReleased.connect(self._keep)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.tick)
        self._timer.start(_TICK)
        self._curves: Curves = {}
        self.channels.setCurrentRow(INDEX["jawOpen"])
        self.set_theme(theme)
        self.tick()

    def set_theme(self, theme: Theme) -> None:
        self.setStyleSheet(
            f"#Editor {{ background: {theme.panel}; }}"
            f"QListWidget {{ background: {theme.window}; border-radius: 8px; padding: 4px; }}"
            "QListWidget::item { padding: 4px 8px; border-radius: 5px; }"
            f"QListWidget::item:selected {{ background: {theme.hover}; color: {theme.text}; }}"
        )
        for part in (self.avatar, self.canvas):
            part.set_theme(theme)

    def tick(self) -> None:
        """Show the profile, if it has changed, and the face."""
        if self._state.person is not self._person:
            self._person = self._state.person
            self._curves = dict(self._person.curves)
            self._show_profile()
        live = self._state.live
        face = live.faces[0] if live is not None and live.faces else None
        self.canvas.set_live(None if face is None else float(face.weights[INDEX[self.name]]))

    @property
    def name(self) -> str:
        """The action whose curve is shown."""
        return ARKIT[max(self.channels.currentRow(), 0)]

    # --- what is shown ------------------------------------------------------------------------

    def _show_profile(self) -> None:
        person = self._state.person
        names = [catalog.Option(name, name) for name in person.avatars]
        self.avatar.set_options(
            [catalog.Option("", texts.AVATAR_NONE), *names, catalog.Option(None, texts.AVATAR_NEW)], person.avatar
        )
        self.delete.setEnabled(bool(person.avatar))
        self.setWindowTitle(f"{texts.AVATARS} – {person.name}")
        self._show_list()
        self._show_channel()

    def _show_list(self) -> None:
        for i, name in enumerate(ARKIT):
            item = self.channels.item(i)
            font = QFont(item.font())
            font.setBold(name in self._curves)
            item.setFont(font)
            title = texts.title(name, action=True)
            item.setText(f"{title}  •" if name in self._curves else title)

    def _show_channel(self) -> None:
        curve = self._curves.get(self.name, Curve())
        self.title.setText(texts.title(self.name, action=True))
        self.both.setVisible(_partner(self.name) is not None)
        self.canvas.set_curve(curve)
        self._show_numbers(curve)

    def _show_numbers(self, curve: Curve) -> None:
        for slider, label, value in (
            (self.dead, self.dead_text, curve.dead),
            (self.gain, self.gain_text, curve.gain),
        ):
            slider.blockSignals(True)
            slider.setValue(round(100 * value))
            slider.blockSignals(False)
            label.setText(f"{100 * value:.0f} %")

    # --- what the user does -------------------------------------------------------------------

    def _drawn(self, curve: Curve) -> None:
        self._set(curve, keep=False)

    def _slid(self) -> None:
        old = self.canvas.curve
        self._set(Curve(self.dead.value() / 100, self.gain.value() / 100, old.points), keep=not self._sliding)

    @property
    def _sliding(self) -> bool:
        return self.dead.isSliderDown() or self.gain.isSliderDown()

    def _set(self, curve: Curve, keep: bool) -> None:
        partner = _partner(self.name) if self.both.isChecked() else None
        for name in (self.name, partner):
            if name is not None:
                self._curves.pop(name, None)
                if not curve.plain:
                    self._curves[name] = curve
        self._show_list()
        self._show_channel()
        self._bend(self._curves)
        if keep:
            self._keep()

    def _keep(self) -> None:
        """Save the curves in the profile; without an avatar, make one."""
        curves = dict(self._curves)

        def change(person: Person) -> Person:
            avatar = person.avatar or texts.AVATAR_FIRST
            return replace(person, avatar=avatar, avatars={**person.avatars, avatar: curves})

        self._change(change)

    def _choose(self, value: object) -> None:
        if value is None:
            self._ask_name(texts.AVATAR_NEW.rstrip("…"), texts.AVATAR_NAME, "", self._add)
            self._show_profile()
        else:
            self._change(lambda person: replace(person, avatar=str(value)))

    def _add(self, name: str) -> None:
        """A new avatar begins with the curves of the chosen one."""
        if name:
            self._change(
                lambda person: replace(
                    person, avatar=name, avatars={**person.avatars, name: person.avatars.get(name, person.curves)}
                )
            )

    def _delete(self) -> None:
        self._change(
            lambda person: replace(
                person, avatar="", avatars={n: c for n, c in person.avatars.items() if n != person.avatar}
            )
        )

    def closeEvent(self, event: QCloseEvent) -> None:
        self._timer.stop()
        super().closeEvent(event)

    # --- layout -------------------------------------------------------------------------------

    def _arrange(self) -> None:
        self.title.setObjectName("Big")
        self.hint.setObjectName("Muted")
        self.hint.setWordWrap(True)
        self.both.setChecked(True)
        self.channels.addItems(list(ARKIT))
        self.channels.setFixedWidth(176)
        top = QHBoxLayout()
        top.addWidget(title_of(texts.AVATAR, self.avatar))
        top.addWidget(self.avatar, 1)
        top.addWidget(self.delete)
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.both)
        head.addWidget(self.reset)
        numbers = QGridLayout()
        numbers.setHorizontalSpacing(12)
        for row, (title, slider, text) in enumerate(
            ((texts.CURVE_DEAD, self.dead, self.dead_text), (texts.CURVE_GAIN, self.gain, self.gain_text))
        ):
            name = title_of(title, slider)
            text.setFixedWidth(48)
            text.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            for column, widget in enumerate((name, slider, text)):
                numbers.addWidget(widget, row, column)
        right = QVBoxLayout()
        right.setSpacing(10)
        right.addLayout(head)
        right.addWidget(self.canvas, 1)
        right.addLayout(numbers)
        right.addWidget(self.hint)
        middle = QHBoxLayout()
        middle.setSpacing(14)
        middle.addWidget(self.channels)
        middle.addLayout(right, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 14, 16, 14)
        whole.setSpacing(12)
        whole.addLayout(top)
        whole.addLayout(middle, 1)
        resize_on_screen(self, 720, 580)


def _partner(name: str) -> str | None:
    """The same action of the other side."""
    for one, other in (("Left", "Right"), ("Right", "Left")):
        if name.endswith(one) and (partner := name.removesuffix(one) + other) in INDEX:
            return None if name in ("jawLeft", "jawRight", "mouthLeft", "mouthRight") else partner
    return None


def _slider(tip: str, most: int) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(0, most)
    slider.setToolTip(tip)
    slider.setAccessibleName(tip)
    return slider
