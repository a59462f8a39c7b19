"""The places of the player's parts."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget


def player_page(
    views: Sequence[QWidget], legend: QWidget, plot: QWidget, readout: QWidget, controls: QWidget
) -> QWidget:
    """A page with the views side by side, legend and plot below them, the readout at the right, controls at the foot.
    The user moves the borders between them."""
    above, below, left = QSplitter(Qt.Orientation.Horizontal), QWidget(), QSplitter(Qt.Orientation.Vertical)
    whole = QSplitter(Qt.Orientation.Horizontal)
    for part in views:
        above.addWidget(part)
    above.setSizes([500] * len(views))
    curves = QVBoxLayout(below)
    curves.setContentsMargins(0, 0, 0, 0)
    curves.setSpacing(4)
    curves.addWidget(legend)
    curves.addWidget(plot, 1)
    left.addWidget(above)
    left.addWidget(below)
    left.setSizes([520, 260])
    whole.addWidget(left)
    whole.addWidget(readout)
    whole.setSizes([680, 250])
    for splitter in (above, left, whole):
        splitter.setHandleWidth(8)
        splitter.setChildrenCollapsible(False)
    left.setStretchFactor(0, 2)
    left.setStretchFactor(1, 1)
    whole.setStretchFactor(0, 1)
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(10, 10, 10, 10)
    column.setSpacing(8)
    column.addWidget(whole, 1)
    column.addWidget(controls)
    return page
