"""Line icons, drawn on a 24-pixel grid and coloured by the theme."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

_SHAPES = {
    "reset": '<path d="M4 12a8 8 0 1 0 2.6-5.9"/><path d="M4 4v4.6h4.6"/>',
    "wireframe": '<path d="M12 3l8 5v8l-8 5-8-5V8z"/><path d="M12 3v9m0 0l8 4m-8-4l-8 4m8-4l8-4m-8 4L4 8m8 4v9"/>',
    "paint": '<circle cx="12" cy="12" r="8.5"/><path d="M8.5 9.6v1m7-1v1M8.4 14.6a4.6 4.6 0 0 0 7.2 0"/>'
    '<path d="M18.5 2.8v3.4M16.8 4.5h3.4"/>',
    "follow": '<circle cx="12" cy="8.5" r="5"/><path d="M4 15.5c1 2.4 4.2 4 8 4s7-1.6 8-4"/><path d="M4 19.5v-4h4"/>'
    '<path d="M20 19.5v-4h-4"/>',
    "hair": '<path d="M6 13V11a6 6 0 0 1 12 0v2a6 6 0 0 1-12 0z"/>'
    '<path d="M6 11.5c3.5 0 5.5-1 6.5-2.6 1.3 1.7 3 2.6 5.5 2.6"/>'
    '<path d="M4.5 12c-1-6 3-9 7.5-9s8.5 3 7.5 9"/>',
    "mirror": '<path d="M12 3.5v17" stroke-dasharray="2.4 2.4"/><path d="M9 7L3.5 17H9z"/><path d="M15 7l5.5 10H15z"/>',
    "snapshot": '<path d="M4 8.5h3.2L8.8 6h6.4l1.6 2.5H20V18.5H4z"/><circle cx="12" cy="13" r="3.2"/>',
    "record": '<circle cx="12" cy="12" r="6" fill="currentColor"/>',
    "marker": '<path d="M7 20.5V4m0 .5h10.5l-2.5 4 2.5 4H7"/>',
    "neutral": '<circle cx="12" cy="12" r="8.5"/><path d="M8.7 10v.6m6.6-.6v.6M8.8 15h6.4"/>',
    "play": '<path d="M8 5.5l10.5 6.5L8 18.5z" fill="currentColor"/>',
    "pause": '<path d="M8.5 6v12m7-12v12" stroke-width="3"/>',
    "loop": '<path d="M5 11V9.5A2.5 2.5 0 0 1 7.5 7H19m0 0l-3-3m3 3l-3 3"/>'
    '<path d="M19 13v1.5A2.5 2.5 0 0 1 16.5 17H5m0 0l3 3m-3-3l3-3"/>',
    "refresh": '<path d="M19 12a7 7 0 1 1-2.2-5.1"/><path d="M19.5 3.5v4.300h-4.300"/>',
    "close": '<path d="M7 7l10 10M17 7L7 17"/>',
    "float": '<path d="M10 5H5v14h14v-5"/><path d="M13 5h6v6m0-6l-8 8"/>',
    "folder": '<path d="M3.5 6.5h6l2 2.5h9v9.5h-17z"/>',
    "film": '<path d="M4 5.500h16v13H4z"/><path d="M8 5.500v13m8-13v13M4 9.800h4m8 0h4M4 14.200h4m8 0h4"/>',
    "rename": '<path d="M5 19l1-4L16 5l3 3L9 18z"/><path d="M14 7l3 3"/>',
    "delete": '<path d="M5 7h14M10 4h4M7 7l.8 12.500h8.400L17 7"/><path d="M10.500 10.500v6m3-6v6"/>',
    "export": '<path d="M12 15V4m0 0L8 8m4-4l4 4"/><path d="M5 14v5.500h14V14"/>',
    "search": '<circle cx="10.500" cy="10.500" r="5.500"/><path d="M14.800 14.800L20 20"/>',
    "step_back": '<path d="M16 6.5L8.5 12l7.5 5.5z" fill="currentColor"/><path d="M6 7v10"/>',
    "step_forth": '<path d="M8 6.5l7.5 5.5L8 17.5z" fill="currentColor"/><path d="M18 7v10"/>',
    "previous": '<path d="M19 12H6m4.5-4.5L6 12l4.5 4.5"/><path d="M3 6v12"/>',
    "next": '<path d="M5 12h13m-4.5-4.5L18 12l-4.5 4.5"/><path d="M21 6v12"/>',
    "range_in": '<path d="M10 5H6v14h4"/><path d="M19 12h-8m3-3l-3 3 3 3"/>',
    "range_out": '<path d="M14 5h4v14h-4"/><path d="M5 12h8m-3-3l3 3-3 3"/>',
    "whole": '<path d="M3.5 6v12m17-12v12"/><path d="M7 12h10M9.5 9.5L7 12l2.5 2.5m5-5L17 12l-2.5 2.5"/>',
    "open": '<path d="M3.500 18.500v-12h6l2 2.500h7.500v3"/><path d="M3.500 18.500l3-6.500h14.500l-3 6.500z"/>',
    "library": '<path d="M4 6.500h4v4H4zM4 14h4v4H4z"/><path d="M11.500 8.500H20M11.500 16H20"/>',
    "unlocked": '<path d="M6 11h12v8.500H6z"/><path d="M8.500 11V7.500a3.500 3.500 0 0 1 6.800-1.200"/>',
    "send": '<circle cx="12" cy="12" r="2" fill="currentColor"/><path d="M8.2 15.8a5.4 5.4 0 0 1 0-7.6m7.600 0'
    'a5.400 5.400 0 0 1 0 7.600M5.400 18.600a9.300 9.300 0 0 1 0-13.200m13.200 0a9.300 9.300 0 0 1 0 13.200"/>',
    "chevron": '<path d="M7 10l5 5 5-5"/>',
}
_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="{color}" stroke-width="1.7" '
    'stroke-linecap="round" stroke-linejoin="round">{shape}</svg>'
)


def pixmap(name: str, color: str, size: int = 20, ratio: float = 2.0) -> QPixmap:
    """An icon of `size` logical pixels, with `ratio` device pixels for each."""
    svg = _SVG.format(color=color, shape=_SHAPES[name].replace("currentColor", color))
    out = QPixmap(round(size * ratio), round(size * ratio))
    out.fill(Qt.GlobalColor.transparent)
    painter = QPainter(out)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(out.rect()))
    painter.end()
    out.setDevicePixelRatio(ratio)
    return out


def icon(name: str, color: str, checked: str | None = None, disabled: str | None = None) -> QIcon:
    """The icon with different colours when checked or disabled."""
    out = QIcon(pixmap(name, color))
    if checked:
        out.addPixmap(pixmap(name, checked), QIcon.Mode.Normal, QIcon.State.On)
    if disabled:
        out.addPixmap(pixmap(name, disabled), QIcon.Mode.Disabled)
    return out
