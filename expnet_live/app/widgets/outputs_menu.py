"""The menu *Outputs*: a switch for each live output, with its state."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLineEdit, QMenu, QMenuBar, QWidgetAction

from expnet_live.app import texts
from expnet_live.app.state.streaming import Streaming
from expnet_live.app.widgets.outputs_panel import output_tip
from expnet_live.app.widgets.pieces import check_quietly
from expnet_live.core.errors import UserError
from expnet_live.outputs.stream import OUTPUTS


class OutputsMenu(QMenu):
    """Lists the outputs of the registry; each entry shows its current state when the menu opens.

    `keep` gets whether outputs are on again at the next start, whenever this choice or an output changes. `actions`
    follow at the end.
    """

    def __init__(self, bar: QMenuBar, streaming: Streaming, keep: Callable[[bool], None], *actions: QAction) -> None:
        super().__init__(texts.MENU_OUTPUTS, bar)
        self.setToolTipsVisible(True)
        self._streaming = streaming
        self.switches: dict[str, QAction] = {}
        for kind in OUTPUTS.values():
            action = self.addAction(kind.about)
            action.setCheckable(True)
            action.setToolTip(output_tip(kind))
            action.toggled.connect(lambda on, name=kind.name: self._switch(name, on))
            self.switches[kind.name] = action
        self.addSeparator()
        self.address = QLineEdit()
        self.address.setPlaceholderText(texts.OUTPUT_ADDRESS)
        self.address.setToolTip(texts.OUTPUT_ADDRESS_TIP)
        self.address.setAccessibleName(texts.OUTPUT_ADDRESS)
        self.address.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # the keys of an open menu are for its entries
        self.address.setMinimumWidth(self.address.fontMetrics().horizontalAdvance(texts.OUTPUT_ADDRESS) + 24)
        self.address.returnPressed.connect(self._send_to)
        field = QWidgetAction(self)
        field.setDefaultWidget(self.address)
        self.addAction(field)
        self.problem = self.addAction("")
        self.problem.setEnabled(False)
        self.problem.setVisible(False)
        self.addSeparator()
        self.keep = self.addAction(texts.OUTPUTS_KEEP)
        self.keep.setToolTip(texts.OUTPUTS_KEEP_TIP)
        self.keep.setCheckable(True)
        self.keep.toggled.connect(keep)
        self._keep = keep
        self.addActions(actions)
        self.aboutToShow.connect(self.refresh)

    def show_kept(self, kept: bool) -> None:
        """Show the choice of `keep`, without calling back."""
        check_quietly(self.keep, kept)

    def refresh(self) -> None:
        for name, action in self.switches.items():
            check_quietly(action, name in self._streaming.names)  # one that has failed permanently is already off
            state = self._streaming.state(name)
            action.setText(f"{OUTPUTS[name].about}\t{state}" if state else OUTPUTS[name].about)

    def _switch(self, name: str, on: bool) -> None:
        self._streaming.switch(name, on)
        self._keep(self.keep.isChecked())

    def _send_to(self) -> None:
        problem = ""
        try:
            self._streaming.send_to(self.address.text())
            self.address.clear()
            self._keep(self.keep.isChecked())
        except UserError as error:
            problem = str(error)
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.refresh()
