"""Small parts that several views share."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QAction, QDesktopServices, QFont, QFontMetrics, QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QFileDialog,
    QFrame,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from expnet_live.app.icons import pixmap
from expnet_live.app.theme import Theme

_AMBER = "#d9962b"  # seen on light and on dark
_LONG_WORD, _PIECE = re.compile(r"\S{25,}"), re.compile(r"\S{8}")
_TITLE_BAR, _SHORT_PATH = 40, 120  # px; the width of a shortened path at least
_MAY_BREAK = "\N{ZERO WIDTH SPACE}"


class PlainLabel(QLabel):
    """A label that shows its text as it is: a title, a name or a path may look like markup.

    Where it has several lines, addresses and names without spaces are broken, and none makes it wider than its place.
    """

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)

    def setText(self, text: str) -> None:
        self._text = text
        super().setText(_LONG_WORD.sub(lambda word: _PIECE.sub(lambda p: p[0] + _MAY_BREAK, word[0]), text))

    def text(self) -> str:
        """As it was set."""
        return self._text


class PathLabel(PlainLabel):
    """Shows a path on one line, without its middle where there is no room for all of it."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(_SHORT_PATH)

    @property
    def shown(self) -> str:
        return self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, self.width())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, self.shown)
        painter.end()


def shortened(title: str, most: int = 60) -> str:
    """At most so many characters, such as for a heading of one line."""
    return title if len(title) <= most else title[: most - 1].rstrip() + "…"


def title_of(title: str, named: QWidget) -> PlainLabel:
    """A title to put beside a widget, by which screen readers name it."""
    label = PlainLabel(title)
    label.setObjectName("Muted")
    label.setToolTip(named.toolTip())
    label.setBuddy(named)  # Linux' readers look for it
    named.setAccessibleName(title)
    return label


class OpenLock(PlainLabel):
    """Says that the face leaves this computer, or can be fetched from it; its tip says more. Hidden at first."""

    def __init__(self) -> None:
        super().__init__()
        self.setPixmap(pixmap("unlocked", _AMBER, 16))
        self.hide()


def as_shown(tip: str) -> str:
    """The text of a tool tip that shows it as it is: Qt takes a tip that looks like markup for markup."""
    return f"<p>{escape(tip).replace(chr(10), '<br>')}</p>" if "<" in tip else tip


def flat_button(action: QAction, focus: Qt.FocusPolicy | None = None) -> QToolButton:
    """An icon button without a frame; `focus` None keeps the default."""
    button = QToolButton()
    button.setObjectName("Flat")
    button.setDefaultAction(action)
    button.setIconSize(QSize(20, 20))
    if focus is not None:
        button.setFocusPolicy(focus)
    return button


def check_quietly(switch: QAction | QAbstractButton, on: bool) -> None:
    """Set it without calling back."""
    switch.blockSignals(True)
    switch.setChecked(on)
    switch.blockSignals(False)


def resize_on_screen(window: QWidget, width: int, height: int) -> None:
    """Give it this size, or what its screen has room for below a title bar: FullHD at 150 % is 1280 x 720."""
    window.resize(QSize(width, height).boundedTo(_room(window)))


def fits_screen(window: QWidget) -> bool:
    """Whether its parts, at their smallest, have room on its screen."""
    needed = window.minimumSizeHint()
    return needed.boundedTo(_room(window)) == needed


def _room(window: QWidget) -> QSize:
    return window.screen().availableSize() - QSize(0, _TITLE_BAR)


class Scrolling(QScrollArea):
    """Scrolls its content, which is stretched if there is room; Tab goes on to what is in it."""

    def __init__(self, content: QWidget) -> None:
        super().__init__()
        self._content = content
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(content)


class Scrolled(Scrolling):
    """For tall content: never narrower than it."""

    def __init__(self, content: QWidget) -> None:
        super().__init__(content)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setToolTip(content.toolTip())

    def minimumSizeHint(self) -> QSize:
        least = super().minimumSizeHint()
        width = self._content.minimumSizeHint().expandedTo(self._content.minimumSize()).width()
        return least.expandedTo(QSize(width + self.verticalScrollBar().sizeHint().width(), 0))


def plain_plot(**options: Any) -> pg.PlotWidget:
    """A plot without menus and buttons; its users set its ranges."""
    plot = pg.PlotWidget(enableMenu=False, **options)
    # Its menus always exist, and would have no owner.
    menu = plot.getPlotItem().ctrlMenu
    menu.setParent(plot, menu.windowFlags())
    plot.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # Tab would stop there, where no key does anything
    plot.hideButtons()
    plot.disableAutoRange()
    plot.showGrid(x=False, y=True, alpha=0.12)
    return plot


def axis_font() -> QFont:
    """Of the labels of plots."""
    font = QFont(QGuiApplication.font())
    font.setPixelSize(11)
    return font


def style_axes(plot: pg.PlotWidget, *sides: str) -> None:
    """Give the axis of time and those of values at the sides the look that they have in all plots."""
    for side in ("bottom", *sides):
        plot.getAxis(side).setTickFont(axis_font())
    plot.getAxis("bottom").setStyle(tickTextOffset=2)
    for side in sides:
        axis = plot.getAxis(side)
        axis.setWidth(QFontMetrics(axis_font()).horizontalAdvance("100 %") + 12)
        axis.setStyle(hideOverlappingLabels=False)  # there are only those that have room


def color_axes(plot: pg.PlotWidget, theme: Theme, *sides: str) -> None:
    """Give a plot and those axes the colours of an appearance."""
    plot.setBackground(theme.panel)
    for side in ("bottom", *sides):
        axis = plot.getAxis(side)
        axis.setPen(theme.line)
        axis.setTextPen(theme.muted)


def ask_folder(parent: QWidget, title: str, start: Path, chosen: Callable[[Path], None]) -> QFileDialog:
    """Open a dialog for a folder, which calls `chosen` with it."""
    dialog = QFileDialog(parent, title, str(start))
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(lambda name: chosen(Path(name)))
    dialog.open()
    return dialog


def reveal(path: Path) -> None:
    """Open it in the system's file manager, or in the program for such a file."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
