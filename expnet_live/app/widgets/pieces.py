"""Pieces that several views are made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtWidgets import QFrame, QScrollArea, QToolButton, QWidget


def flat_button(action: QAction, focus: Qt.FocusPolicy | None = None) -> QToolButton:
    """An icon without a frame; `focus` None leaves it as it usually is."""
    button = QToolButton()
    button.setObjectName("Flat")
    button.setDefaultAction(action)
    button.setIconSize(QSize(20, 20))
    if focus is not None:
        button.setFocusPolicy(focus)
    return button


def scrolled(content: QWidget) -> QScrollArea:
    """A frame through which tall content is seen; it is stretched where there is room."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setToolTip(content.toolTip())
    area.setWidget(content)
    return area


def plain_plot(**options: Any) -> pg.PlotWidget:
    """Without menus and buttons; its ranges are set by whoever shows something in it."""
    plot = pg.PlotWidget(enableMenu=False, **options)
    # Nobody would own its menus, which are there in any case.
    menu = plot.getPlotItem().ctrlMenu
    menu.setParent(plot, menu.windowFlags())
    plot.hideButtons()
    plot.disableAutoRange()
    plot.showGrid(x=False, y=True, alpha=0.12)
    return plot


def reveal(path: Path) -> None:
    """In the system's file manager, or whatever opens such a file."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
