"""The panel of live outputs: which are on, where they send, how many a second, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from expnet_live.app import texts
from expnet_live.app.state.streaming import Streaming
from expnet_live.app.theme import DARK, Theme
from expnet_live.app.widgets.pieces import OpenLock, PlainLabel, as_shown, check_quietly
from expnet_live.core.errors import UserError
from expnet_live.outputs.output import OUTPUTS, OutputKind, parse_target


class OutputsPanel(QWidget):
    """A row for each output of the registry. `keep` gets whether outputs are on again at the next start, whenever this
    choice or an output changes. Nothing is sent before its switch is on."""

    def __init__(self, streaming: Streaming, keep: Callable[[bool], None]) -> None:
        super().__init__()
        self._keep = keep
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(9)
        self.rows: dict[str, OutputRow] = {}
        for kind in OUTPUTS.values():
            row = self.rows[kind.name] = OutputRow(kind, streaming, self._changed)
            column.addWidget(row)
        self.keep = QCheckBox(texts.OUTPUTS_KEEP)
        self.keep.setToolTip(texts.OUTPUTS_KEEP_TIP)
        self.keep.toggled.connect(keep)
        column.addWidget(self.keep)
        column.addStretch(1)

    def show_kept(self, kept: bool) -> None:
        """Show the choice of `keep`, without calling back."""
        check_quietly(self.keep, kept)

    def refresh(self) -> None:
        """Show the outputs' current states; call this a few times a second."""
        for row in self.rows.values():
            row.refresh()

    def set_theme(self, theme: Theme) -> None:
        for row in self.rows.values():
            row.set_theme(theme)

    def _changed(self) -> None:
        self._keep(self.keep.isChecked())


class OutputRow(QWidget):
    """One output: its switch, its address, and its state, or the programs that take it."""

    def __init__(self, kind: OutputKind, streaming: Streaming, changed: Callable[[], None]) -> None:
        super().__init__()
        self._name, self._streaming, self._changed = kind.name, streaming, changed
        self._theme, self._color, self._refused = DARK, "", ""
        title, _, programs = kind.about.partition(": ")
        self._programs = programs[:1].upper() + programs[1:]
        self.switch = QCheckBox(title)
        self.switch.setMinimumWidth(1)  # a long title must not make all rows wider than the panel
        self.switch.setToolTip(output_tip(kind))
        self.switch.toggled.connect(self._switched)
        self.address = QLineEdit()
        self.address.setPlaceholderText(kind.place(kind.address))
        self.address.setToolTip(_address_tip(kind))
        self.address.setAccessibleName(texts.OUTPUT_WHERE.format(name=title))
        self.address.setStyleSheet("padding: 1px 6px; min-height: 16px;")
        self.address.editingFinished.connect(self._typed)
        self.address.textChanged.connect(self._show_lock)
        self.lock = OpenLock()
        self.state = PlainLabel()
        self.state.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        where = QHBoxLayout()
        where.setSpacing(6)
        where.addWidget(self.address, 1)
        where.addWidget(self.lock)
        column.addWidget(self.switch)
        column.addLayout(where)
        column.addWidget(self.state)
        self._show_lock()
        self.refresh()

    def refresh(self) -> None:
        streaming, name = self._streaming, self._name
        on = name in streaming.names
        check_quietly(self.switch, on)  # one that has failed permanently is already off
        if on and not self.address.hasFocus():
            self.address.setText(streaming.target(name).removeprefix(name).removeprefix("://"))
        problem = self._refused or streaming.complaints.get(name) or streaming.failures.get(name, "")
        self.state.setText(problem or streaming.state(name) or self._programs)
        t = self._theme
        color = t.recording if problem else t.accent if on else t.muted
        if color != self._color:
            self._color = color
            self.state.setStyleSheet(f"color: {color}; font-size: 11px;")

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.refresh()

    @property
    def _target(self) -> str:
        """What its field says, as `Streaming.send_to` takes it."""
        text = self.address.text().strip().removeprefix(f"{self._name}://")
        return self._name + (text if not text or text.startswith("?") else f"://{text}")

    def _show_lock(self) -> None:
        """Before anything is sent, say who could get the face at the address in the field."""
        try:
            kind, address = parse_target(self._target)
        except UserError:
            self.lock.hide()
            return
        leaves, fetchable = kind.leaves(address), kind.fetchable(address)
        self.lock.setVisible(leaves or fetchable)
        tip = texts.OUTPUT_WOULD_LEAVE_TIP if leaves else texts.OUTPUT_FETCHABLE_TIP
        self.lock.setToolTip(as_shown(tip.format(place=kind.place(address))))

    def _typed(self) -> None:
        self._refused = ""
        if self._name in self._streaming.names and self._target != self._streaming.target(self._name):
            self._send()
        self.refresh()

    def _switched(self, on: bool) -> None:
        self._refused = ""
        if on:
            self._send()
        else:
            self._streaming.switch(self._name, False)
            self._changed()
        self.refresh()

    def _send(self) -> None:
        try:
            self._streaming.send_to(self._target)
            self._changed()
        except UserError as error:
            self._refused = str(error)


def output_tip(kind: OutputKind) -> str:
    """Where it sends at its usual address, and who can get the data there."""
    tip = texts.OUTPUT_FETCHABLE_TIP if kind.fetchable(kind.address) else texts.OUTPUT_TIP
    return tip.format(place=kind.place(kind.address))


def _address_tip(kind: OutputKind) -> str:
    options = (f"{name}: {o.about} ({', '.join(v for v in o.values if v)})" for name, o in kind.options.items())
    return "\n".join((texts.OUTPUT_WHERE_TIP, *((texts.OUTPUT_OPTIONS_TIP, *options) if kind.options else ())))
