"""Where the panels of the main window are at the first start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow

from expnet_live.app.widgets.pieces import fits_screen, resize_on_screen

LEFT, RIGHT = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
OPTIONAL = ("gestures", "outputs")  # panels that are hidden until somebody wants them
_BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea
_AREAS = {
    "camera": LEFT,
    "controls": LEFT,
    "expression": RIGHT,
    "gestures": RIGHT,
    "outputs": RIGHT,
    "curves": _BOTTOM,
}  # of the panels
_CONTROLS = 404  # px in which they need no scroll bar
# Panels that are tabs of one place, for ever smaller screens: 1366 x 768 at 200 % has 683 x 384 pixels.
_STACKS = (
    (("expression", *OPTIONAL),),
    (("camera", "controls"), ("expression", "curves", *OPTIONAL)),
    (("camera", "controls", "expression", "curves", *OPTIONAL),),
)

Docks = Mapping[str, QDockWidget]


def arrange(window: QMainWindow, docks: Docks) -> None:
    """Put the panels side by side, or as tabs where the screen has no room for that."""
    for stacks in _STACKS:
        _put(window, docks, stacks)
        if fits_screen(window):
            break
    if (layout := window.layout()) is not None:
        layout.activate()  # else it keeps the smallest size of the arrangement before
    resize_on_screen(window, 1280, 800)
    share_room(window, docks)


def share_room(window: QMainWindow, docks: Docks) -> None:
    """Give the panels their first sizes: all controls are seen, and the camera has the rest of their side."""
    horizontal, vertical = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
    sides = [docks["camera"], docks["expression"]]
    if docks["expression"] in window.tabifiedDockWidgets(docks["camera"]):
        sides.pop()
    window.resizeDocks(sides, [350, 300][: len(sides)], horizontal)
    rest = window.height() - window.menuBar().height() - window.statusBar().height() - _CONTROLS
    window.resizeDocks([docks["camera"], docks["controls"]], [max(rest, 1), _CONTROLS], vertical)
    window.resizeDocks([docks["curves"]], [184], vertical)


def _put(window: QMainWindow, docks: Docks, stacks: Sequence[Sequence[str]]) -> None:
    for name, area in _AREAS.items():
        docks[name].setFloating(False)
        docks[name].show()
        window.addDockWidget(area, docks[name])
    for first, *others in stacks:
        for name in others:
            window.tabifyDockWidget(docks[first], docks[name])
        docks[first].raise_()
    for name in OPTIONAL:
        docks[name].hide()
