"""Panels that the user can move, float and hide."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from expnet_live.app import icons, texts
from expnet_live.app.theme import Theme
from expnet_live.app.widgets.pieces import PlainLabel


class Dock(QDockWidget):
    """A panel with a small title; `key` names it in the saved layout. `tools` go beside the title."""

    def __init__(self, key: str, title: str, content: QWidget, tools: tuple[QWidget, ...] = ()) -> None:
        super().__init__(title)
        self.setObjectName(key)
        bar = QWidget()
        row = QHBoxLayout(bar)
        row.setContentsMargins(4, 2, 0, 4)
        row.setSpacing(4)
        label = PlainLabel(title.upper())
        label.setObjectName("DockTitle")
        row.addWidget(label)
        row.addStretch(1)
        for tool in tools:
            row.addWidget(tool)
        self._float, self._hide = QToolButton(), QToolButton()
        for button, tip in ((self._float, texts.FLOAT_TIP), (self._hide, texts.HIDE_TIP)):
            button.setObjectName("Flat")
            button.setToolTip(tip)
            button.setAccessibleName(f"{title}: {tip}")
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            row.addWidget(button)
        self._float.clicked.connect(lambda: self.setFloating(not self.isFloating()))
        self._hide.clicked.connect(self.hide)
        self.setTitleBarWidget(bar)
        panel = QWidget()
        panel.setObjectName("Panel")
        panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(panel)
        column.setContentsMargins(10, 10, 10, 10)
        column.addWidget(content)
        self.setWidget(panel)

    def set_theme(self, theme: Theme) -> None:
        self._float.setIcon(icons.icon("float", theme.muted))
        self._hide.setIcon(icons.icon("close", theme.muted))
